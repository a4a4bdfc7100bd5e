"""What Binance's adapter loads, and when: nothing until an account is opened, and then the library named ccxt."""

import subprocess
import sys

import pytest

from shared.brokers.ccxt.binance_client import BinanceClient, Carrier, copy_for, make_template
from shared.brokers.factory import Credentials
from shared.brokers.http import HttpTransport

LOADED = """
import sys
from shared.brokers.ccxt.{module} import {adapter}
from shared.brokers.factory import AccountAccess, Credentials
from shared.domain.accounts import Environment
adapter = {adapter}()
adapter.venue
print(sorted({{"aiohttp", "ccxt"}} & sys.modules.keys()))
adapter.open_broker(AccountAccess("a", "binance", Environment.SANDBOX, Credentials("k", "s")))
print(sorted({{"aiohttp", "ccxt"}} & sys.modules.keys()), sys.modules["ccxt"].__version__)
"""


@pytest.mark.parametrize(
    ("module", "adapter"), [("binance", "BinanceAdapter"), ("binance_futures", "BinanceFuturesAdapter")]
)
def test_a_process_that_opens_no_account_loads_no_client(module: str, adapter: str) -> None:
    program = LOADED.format(module=module, adapter=adapter)
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert told.stdout.splitlines() == ["[]", "['aiohttp', 'ccxt'] 4.5.90"]


def test_the_client_is_the_librarys_own_with_everything_of_its_transport_switched_off() -> None:
    template = make_template(Carrier(HttpTransport(), "https://venue.example"))
    (parent,) = BinanceClient.__bases__
    assert parent.__module__ == "ccxt.async_support.binance"
    held = vars(template)
    assert (held["enableRateLimit"], held["markets"], held.get("session")) == (False, None, None)


def test_copies_share_what_is_the_venues_and_keep_what_is_their_own() -> None:
    carrier = Carrier(HttpTransport(), "https://venue.example")
    template = make_template(carrier)
    one, two = (copy_for(template, Credentials(f"k{n}", f"s{n}"), carrier) for n in (1, 2))
    assert (one.apiKey, one.secret, two.apiKey, two.secret) == ("k1", "s1", "k2", "s2")
    assert one.options is two.options is template.options
    assert not copy_for(template, None, carrier).apiKey
