"""The audit log on a real server: writers at once keep one chain, and what is done to it is found."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from shared.database import connect, ensure_indexes
from shared.domain.audit_chain import check_chain
from shared.models import audit
from shared.models.audit import AuditEntry, AuditLine, append_audit, append_audits_once
from shared.models.mapping import rows_of

pytestmark = pytest.mark.usefixtures("empty_servers", "database")

NOW = datetime(2026, 12, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(scope="module")
def database(mongodb_uri: str) -> Iterator[None]:
    client = connect(mongodb_uri)
    ensure_indexes([AuditEntry])
    yield
    client.close()


def line(name: str, **more: str) -> AuditLine:
    detail = {"why": "grüße\r\n", "venue.key": "$x"}
    return AuditLine(name, "cli", "halt", "global", detail, NOW, before={"state": "active"}, **more)


def is_whole() -> bool:
    verdict = check_chain(audit.read_chain(), datetime.now(UTC), audit.newest_number())
    return verdict.broken is None and verdict.lines == rows_of(AuditEntry).count_documents({})


def test_what_was_written_is_what_is_read() -> None:
    append_audit(line("one", address="10.0.0.1"))
    [row] = audit.read_chain()
    assert (row["seq"], row["actor"], row["address"]) == (1, "cli", "10.0.0.1")
    assert (row["before"], row["after"], row["detail"]["why"]) == ({"state": "active"}, {}, "grüße\r\n")
    assert is_whole()


def test_writers_at_once_keep_one_chain_without_a_gap() -> None:
    def write(n: int) -> None:
        append_audits_once([line(f"{n}-{k}") for k in range(1 + n % 4)], wait=n % 2 == 0)

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(write, range(100)))
    assert [row["seq"] for row in audit.read_chain()] == list(range(1, 251))
    assert is_whole()


def test_a_line_that_is_told_again_stays_one_line() -> None:
    lines = [line(name) for name in ("a", "b", "c")]
    append_audits_once(lines[:2])
    append_audits_once([lines[2], *lines, line("d")])
    append_audits_once(lines)
    assert [row["_id"] for row in audit.read_chain()] == ["a", "b", "c", "d"]
    assert is_whole()


def test_told_by_many_at_once_a_line_is_one_line() -> None:
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda _: append_audits_once([line("a"), line("b")]), range(20)))
    assert {row["_id"] for row in audit.read_chain()} == {"a", "b"}
    assert is_whole()


def test_a_line_that_is_lost_at_either_end_is_missed() -> None:
    append_audits_once([line(name) for name in "abc"])
    rows_of(AuditEntry).delete_one({"seq": 3})
    assert not is_whole()
    append_audit(line("d"))
    assert [row["seq"] for row in audit.read_chain()] == [1, 2, 4]
    assert not is_whole()
    rows_of(AuditEntry).delete_many({})
    append_audit(line("e"))
    assert [row["seq"] for row in audit.read_chain()] == [5]
    assert not is_whole()


def test_lines_of_before_the_chain_are_counted_and_left_alone() -> None:
    old = {"actor": "cli", "action": "halt", "subject": "global", "detail": {}, "at": NOW - timedelta(1)}
    rows_of(AuditEntry).insert_many([{"_id": "old-1", **old}, {"_id": "old-2", **old}])
    append_audit(line("new"))
    assert audit.count_unchained() == 2
    assert check_chain(audit.read_chain(), NOW).lines == 1
