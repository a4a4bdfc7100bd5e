"""Rows changed together on a real database: each to its own values, each only as it was read, each once."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pymongo
import pytest
from pymongo.collection import Collection
from pymongo.database import Database

from shared.models.changes import Change, change_all
from shared.models.mapping import raw_rows_of
from shared.models.orders import Order
from tests.faults.lossy_proxy import LossyProxy, address_of

Rows = Collection[dict[str, Any]]
COUNTS = [1, 2, 3, 60]
"""One alone, few, a group, and more than a group."""


@pytest.fixture
def rows(database: Database[dict[str, Any]]) -> Rows:
    """A collection that speaks Decimal, with sixty rows that stand alike."""
    collection = raw_rows_of(Order).database["things"].with_options(raw_rows_of(Order).codec_options)
    collection.delete_many({})
    collection.insert_many(
        [
            {"_id": f"row{n}", "version": 1, "kept": n, "held": {"old": n}, "events": ["born"]}
            for n in range(60)
        ]
    )
    return collection


def to_own_values(number: int, *, version: int = 1) -> Change:
    """Give a row values that no other row gets, some of which look like an expression of the server."""
    return Change(
        f"row{number}",
        {"version": version},
        {"version": version + 1, "price": Decimal(number) / 4, "note": f"$kept{number}", "gone": None},
        adds={"held": {f"new{number}": {"amount": Decimal(number)}}},
        appends={"events": {"at": number, "code": "$version"}},
    )


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its money as text: the raw collection gives it as the server writes it."""
    return {name: str(value) if name == "price" else value for name, value in row.items()}


@pytest.mark.parametrize("count", COUNTS)
def test_every_row_gets_its_own_values_and_keeps_what_it_had(rows: Rows, count: int) -> None:
    assert change_all(rows, [to_own_values(n) for n in range(count)]) == count
    for n in range(count):
        row = rows.find_one({"_id": f"row{n}"})
        assert row is not None
        assert plain(row) | {"held": {name: str(value) for name, value in row["held"].items()}} == {
            "_id": f"row{n}",
            "version": 2,
            "kept": n,
            "held": {"old": str(n), f"new{n}": str({"amount": row["held"][f"new{n}"]["amount"]})},
            "events": ["born", {"at": n, "code": "$version"}],
            "price": str(Decimal(n) / 4),
            "note": f"$kept{n}",
            "gone": None,
        }
    assert rows.count_documents({"version": 1}) == 60 - count


@pytest.mark.parametrize("count", COUNTS[1:])
def test_a_row_that_does_not_stand_as_it_was_read_is_left_and_not_counted(rows: Rows, count: int) -> None:
    rows.update_one({"_id": "row0"}, {"$set": {"version": 5}})
    assert change_all(rows, [to_own_values(n) for n in range(count)]) == count - 1
    assert rows.find_one({"_id": "row0"}, {"events": 1}) == {"_id": "row0", "events": ["born"]}


def test_rows_that_stand_differently_or_get_other_fields_are_changed_in_one_call(rows: Rows) -> None:
    rows.update_many({"_id": {"$in": [f"row{n}" for n in range(10)]}}, {"$set": {"version": 7}})
    changes = [to_own_values(n, version=7 if n < 10 else 1) for n in range(20)]
    changes += [Change(f"row{n}", {"version": 1}, {"version": 2}) for n in range(20, 30)]
    assert change_all(rows, changes) == 30
    assert rows.count_documents({"version": 8, "note": {"$exists": True}}) == 10
    assert rows.count_documents({"version": 2, "note": {"$exists": False}}) == 10


def test_the_second_of_two_changes_of_one_row_finds_it_changed(rows: Rows) -> None:
    twice = [Change("row0", {"version": 1}, {"version": 2, "note": word}) for word in ("first", "second")]
    others = [Change(f"row{n}", {"version": 1}, {"version": 2, "note": ""}) for n in range(1, 5)]
    assert change_all(rows, [*twice, *others]) == 5


def test_a_list_and_an_object_that_were_not_there_begin_with_what_is_added(rows: Rows) -> None:
    rows.insert_many([{"_id": f"bare{n}", "version": 1} for n in range(4)])
    changes = [
        Change(f"bare{n}", {"version": 1}, {}, adds={"held": {"a": n}}, appends={"events": n})
        for n in range(4)
    ]
    assert change_all(rows, changes) == 4
    assert rows.find_one({"_id": "bare3"}) == {"_id": "bare3", "version": 1, "held": {"a": 3}, "events": [3]}


def test_no_change_asks_nothing_of_the_server() -> None:
    assert change_all(pymongo.MongoClient("127.0.0.1", 1, connect=False)["x"]["x"], []) == 0


@pytest.fixture
def proxy(mongodb_uri: str) -> Iterator[LossyProxy]:
    """A way to the database that can lose the answer to an update of many rows."""
    lossy = LossyProxy(address_of(mongodb_uri), lambda request: b"$replaceWith" in request, lambda: None)
    lossy.start()
    yield lossy
    lossy.close()


def test_an_answer_that_is_lost_leaves_every_row_changed_once_and_claims_none(
    rows: Rows, proxy: LossyProxy
) -> None:
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(
        "127.0.0.1", proxy.port, directConnection=True, retryWrites=True
    )
    through = client[rows.database.name][rows.name].with_options(rows.codec_options)
    proxy.to_lose = 1
    assert change_all(through, [to_own_values(n) for n in range(40)]) == 0
    assert proxy.to_lose == 0, "no answer was lost"
    assert rows.count_documents({"version": 2, "events": {"$size": 2}}) == 40
    client.close()
