"""Every query of the Overview has an index: MongoDB refuses collection scans while they run."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pymongo
import pytest

from tests.sample.day import write_day
from web.dashboard import queries
from web.repository import OwnRows

OWN = OwnRows("demo")

pytestmark = pytest.mark.usefixtures("database", "empty_servers")


@pytest.fixture
def no_scans(mongodb_uri: str) -> Iterator[None]:
    with pymongo.MongoClient[dict[str, object]](mongodb_uri) as client:
        client.admin.command("setParameter", 1, notablescan=True)
        yield
        client.admin.command("setParameter", 1, notablescan=False)


def test_no_query_of_the_overview_scans_a_collection(now: datetime, no_scans: None) -> None:
    write_day(now)
    since = now - timedelta(days=1)
    assert queries.accounts_of(OWN)
    trades = queries.alive_trades(OWN)
    assert len(trades) == 3
    assert queries.orders_of_trades(OWN, {trade.trade_id for trade in trades})
    assert queries.trades_by_id(OWN, {trades[0].trade_id})
    assert queries.fills_since(OWN, since)
    assert queries.day_fills(OWN, since)
    assert queries.followed_providers(OWN)
    messages = queries.newest_messages(OWN, since, with_noise=False)
    assert messages
    assert queries.receipts_of_messages(OWN, {m.message_id for m in messages})
    assert queries.readings({m.signal_id for m in messages if m.signal_id})
    assert queries.find_message_for(OWN, messages[0].row_id)


def test_a_scan_would_have_been_refused(no_scans: None, mongodb_uri: str) -> None:
    with (
        pymongo.MongoClient[dict[str, object]](mongodb_uri) as client,
        pytest.raises(pymongo.errors.OperationFailure),
    ):
        list(client.get_default_database()["trades"].find({"close_reason": "never indexed"}))
