"""Rows by their owner: no owner, no rows; and no query that names another owner or brings code."""

import pytest

from shared.models.accounts import Account
from shared.models.base import BaseDocument
from shared.models.halts import Halt
from shared.models.messages import Message
from shared.models.orders import Order
from shared.models.trades import Trade
from shared.models.users import User
from web.repository import NotOwned, OwnRows, owner_field, shared_rows


def test_rows_cannot_be_asked_for_without_an_owner() -> None:
    with pytest.raises(ValueError, match="owner"):
        OwnRows("")


@pytest.mark.parametrize("document", [Account, Order, Trade])
def test_a_row_is_its_users(document: type[BaseDocument]) -> None:
    assert owner_field(document) == "user_id"


def test_a_users_own_row_is_found_by_its_id() -> None:
    assert owner_field(User) == "_id"


@pytest.mark.parametrize("document", [Message, Halt])
def test_what_has_no_owner_is_nobodys_own(document: type[BaseDocument]) -> None:
    with pytest.raises(NotOwned):
        OwnRows("anna").find(document)


@pytest.mark.parametrize("document", [Account, User, Halt])
def test_what_belongs_to_somebody_is_not_shared(document: type[BaseDocument]) -> None:
    with pytest.raises(NotOwned):
        shared_rows(document)


@pytest.mark.parametrize(
    "query",
    [{"user_id": "bert"}, {"user_id": {"$ne": "anna"}}, {"$where": "true"}, {"$expr": {"$eq": [1, 1]}}],
)
def test_a_query_names_no_other_owner_and_brings_no_code(query: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"owner|code"):
        OwnRows("anna").find_one(Trade, query)
