"""Writes that become durable together, and what happens where they cannot."""

import contextlib
from collections.abc import Iterator

import pytest
from mongoengine.connection import get_connection, get_db
from pymongo.errors import AutoReconnect, ConnectionFailure, DuplicateKeyError
from pymongo.write_concern import WriteConcern

from shared.models.durable import Write, write_all
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def _collection() -> Iterator[None]:
    yield
    get_db()["durable"].drop()


def once(name: str, seen: list[tuple[str, bool]] | None = None) -> Write:
    """Insert a row unless it is there."""

    def write(wait: bool) -> None:
        if seen is not None:
            seen.append((name, wait))
        rows = get_db()["durable"]
        if not wait:
            rows = rows.with_options(write_concern=WriteConcern(w=1))
        with contextlib.suppress(DuplicateKeyError):
            rows.insert_one({"_id": name})

    return write


def names() -> set[str]:
    return {row["_id"] for row in get_db()["durable"].find()}


def test_writes_are_made_in_order_and_only_the_last_waits_for_the_journal():
    seen: list[tuple[str, bool]] = []
    write_all(once("a", seen), once("b", seen), once("c", seen))
    assert names() == {"a", "b", "c"}
    assert seen == [("a", False), ("b", False), ("c", True)]


def test_where_one_row_is_there_already_the_others_are_written_all_the_same():
    write_all(once("b"))
    write_all(once("a"), once("b"), once("c"))
    assert names() == {"a", "b", "c"}


def test_what_fails_is_told_and_what_comes_after_it_is_not_written():
    def fail(_wait: bool) -> None:
        raise AutoReconnect("gone")

    with pytest.raises(AutoReconnect):
        write_all(once("a"), fail, once("c"))
    assert names() == {"a"}


def test_one_write_waits_and_none_does_nothing():
    seen: list[tuple[str, bool]] = []
    write_all(once("a", seen))
    write_all()
    assert (names(), seen) == ({"a"}, [("a", True)])


def elect_anew(_wait: bool) -> None:
    """Let the only member step down; it wins the next election a second later."""
    admin = get_connection().admin
    with contextlib.suppress(ConnectionFailure):
        admin.command("replSetStepDown", 1, secondaryCatchUpPeriodSecs=0, force=True)
    wait_until(lambda: admin.command("hello")["isWritablePrimary"], "there is a primary again", seconds=20)


def test_after_an_election_in_between_everything_is_written_again_and_waited_for():
    seen: list[tuple[str, bool]] = []
    elections = iter([elect_anew])

    def between(wait: bool) -> None:
        for elect in elections:
            elect(wait)

    write_all(once("a", seen), between, once("b", seen))
    assert seen == [("a", False), ("b", True), ("a", True), ("b", True)]
