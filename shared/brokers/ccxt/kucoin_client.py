"""ccxt's KuCoin client with our transport beneath it: it signs with the account's secret and passphrase."""

from collections.abc import Mapping
from copy import copy

from ccxt.async_support.kucoin import kucoin

from shared.brokers.ccxt.binance_client import Carrier
from shared.brokers.factory import Credentials
from shared.brokers.http import HttpAnswer

KEY_HEADER = "KC-API-KEY"


class KucoinClient(kucoin):
    """ccxt's client: it signs; answers come back as `HttpAnswer`, whatever their status.

    Its own session, throttle, retries and reading of errors are never reached.
    """

    carrier: Carrier

    async def fetch(
        self,
        url: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> HttpAnswer:
        return await self.carrier.carry(url, method, headers, body)


def make_template(carrier: Carrier) -> KucoinClient:
    """Make the client without a key that the accounts at one address are copied from."""
    base_url = carrier.base_url
    client = KucoinClient(
        {"enableRateLimit": False, "urls": {"api": {"public": base_url, "private": base_url}}}
    )
    # The library's makers would otherwise be named, and paid, as partners of every order.
    client.options["partner"] = {}
    client.carrier = carrier
    return client


def copy_for(template: KucoinClient, credentials: Credentials | None, carrier: Carrier) -> KucoinClient:
    """Copy the template for one account, or for questions without a key; a client never changes its keys."""
    client = copy(template)
    if credentials is not None:
        client.apiKey, client.secret = credentials.api_key, credentials.secret
        client.password = credentials.passphrase
    client.carrier = carrier
    return client
