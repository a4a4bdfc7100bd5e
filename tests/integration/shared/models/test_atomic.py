"""Writes that become durable together, and what happens where they cannot."""

from collections.abc import Iterator

import pytest
from bson import ObjectId
from mongoengine.connection import get_db
from pymongo.client_session import ClientSession
from pymongo.errors import AutoReconnect, DuplicateKeyError

from shared.models.atomic import Write, write_all


@pytest.fixture(autouse=True)
def _collection() -> Iterator[None]:
    get_db()["atomic"].create_index("name", unique=True)
    yield
    get_db()["atomic"].drop()


def once(name: str, seen: list[str] | None = None) -> Write:
    """Insert a row unless it is there; as the models do, a transaction is told of a row that is."""

    def write(session: ClientSession | None) -> None:
        if seen is not None:
            seen.append("alone" if session is None else "together")
        try:
            get_db()["atomic"].insert_one({"_id": ObjectId(), "name": name}, session=session)
        except DuplicateKeyError:
            if session is not None:
                raise

    return write


def names() -> set[str]:
    return {row["name"] for row in get_db()["atomic"].find()}


def test_several_writes_are_made_in_one_transaction():
    seen: list[str] = []
    write_all(once("a", seen), once("b", seen), once("c", seen))
    assert names() == {"a", "b", "c"}
    assert seen == ["together"] * 3


def test_where_one_row_is_there_already_the_others_are_written_all_the_same():
    write_all(once("b"))
    write_all(once("a"), once("b"), once("c"))
    assert names() == {"a", "b", "c"}


def test_what_fails_for_another_reason_leaves_nothing_behind():
    def fail(_session: ClientSession | None) -> None:
        raise AutoReconnect("gone")

    with pytest.raises(AutoReconnect):
        write_all(once("a"), fail)
    assert names() == set()


def test_one_write_needs_no_transaction_and_none_needs_nothing():
    seen: list[str] = []
    write_all(once("a", seen))
    write_all()
    assert (names(), seen) == ({"a"}, ["alone"])
