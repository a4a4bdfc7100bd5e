"""A key of an account on margin: one that holds both sides beside each other is refused when it is connected."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from shared.domain.accounts import AccountStatus
from shared.models import connections
from shared.models.accounts import Account
from shared.models.credentials import Credential
from shared.models.mapping import rows_of
from shared.vault import PublicKeys, credential_record
from tests.emulators.binance_futures.control import BinanceFuturesProcess
from tests.integration.worker.connecting.conftest import OLD
from tests.integration.worker.pipeline.driver import Driver
from worker.pipeline.connect import check


@pytest.fixture(scope="module")
def futures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BinanceFuturesProcess]:
    process = BinanceFuturesProcess(tmp_path_factory.mktemp("futures"))
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def environment(futures: BinanceFuturesProcess, redis_url: str, mongodb_uri: str) -> dict[str, str]:
    return {
        "REDIS_URL": redis_url,
        "MONGODB_URI": mongodb_uri,
        "CREDENTIAL_PUBLIC_KEYS": OLD.public_key,
        "CREDENTIAL_PRIVATE_KEYS": OLD.private_key.get_secret_value(),
        "VENUE_URL_BINANCE_FUTURES_SANDBOX": futures.url,
    }


def connect(name: str) -> None:
    keys = PublicKeys.parse([OLD.public_key])
    secret = SecretStr(json.dumps({"api_key": name, "secret": "secret"}))
    box = keys.seal(credential_record(name, f"c-{name}"), secret)
    now = datetime.now(UTC)
    mine = {"user_id": "anna", "created_at": now}
    sealed = {"_id": f"c-{name}", "account_id": name, "key_id": box.key_id, "sealed": box.data}
    rows_of(Credential).insert_one({**sealed, **mine})
    place = {"venue": "binance_futures", "environment": "sandbox", "quote_asset": "USDT"}
    state = {"status": "checking", "version": 0, "credential_id": f"c-{name}", "check_at": now}
    rows_of(Account).insert_one({"_id": name, "name": name, **mine, **place, **state, "reservations": {}})


@pytest.mark.parametrize(
    ("is_hedged", "status"), [(False, AccountStatus.ACTIVE), (True, AccountStatus.REFUSED)]
)
def test_hedge_mode_is_refused_with_what_to_do(
    driver: Driver, futures: BinanceFuturesProcess, is_hedged: bool, status: AccountStatus
) -> None:
    name = f"margin-{is_hedged}"
    futures.control.create_account(name, "secret", USDT="1000")
    futures.control.set_price("BTCUSDT", "100")
    futures.control.change_account(name, is_hedged=is_hedged)
    connect(name)
    check(driver.context, [name])
    found = connections.find(name)
    assert found is not None
    assert found.status is status, found.status_reason
    assert ("one-way mode" in found.status_reason) is is_hedged
