"""ccxt's Kraken client with our transport beneath it: it signs, with nonces of ours."""

from collections.abc import Mapping
from copy import copy

from ccxt.async_support.kraken import kraken

from shared.brokers.ccxt.binance_client import Carrier
from shared.brokers.ccxt.kraken_nonce import Nonces
from shared.brokers.factory import Credentials
from shared.brokers.http import HttpAnswer

KEY_HEADER = "API-Key"
# The venue wants every signed request posted, also those that only ask.
POSTED_READS = frozenset(
    f"/0/private/{name}"
    for name in ("BalanceEx", "ClosedOrders", "OpenOrders", "QueryOrders", "QueryTrades", "TradesHistory")
)


class KrakenClient(kraken):
    """ccxt's client: it signs; answers come back as `HttpAnswer`, whatever their status.

    Its own session, throttle, retries, reading of errors and nonces are never reached.
    """

    carrier: Carrier
    nonces: Nonces

    async def fetch(
        self,
        url: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> HttpAnswer:
        return await self.carrier.carry(url, method, headers, body)

    def incrementing_nonce(self) -> int:
        """Return the nonce of the next request; ccxt's own count seconds or milliseconds by client."""
        return self.nonces.next()


def make_template(carrier: Carrier, nonces: Nonces) -> KrakenClient:
    """Make the client without a key that the accounts at one address are copied from."""
    base_url = carrier.base_url
    client = KrakenClient(
        {"enableRateLimit": False, "urls": {"api": {"public": base_url, "private": base_url}}}
    )
    client.carrier, client.nonces = carrier, nonces
    return client


def copy_for(template: KrakenClient, credentials: Credentials | None, carrier: Carrier) -> KrakenClient:
    """Copy the template for one account, or for questions without a key; a client never changes its keys.

    All copies draw from the same nonces, so two of one account do not cross within a process.
    """
    client = copy(template)
    if credentials is not None:
        client.apiKey, client.secret = credentials.api_key, credentials.secret
    client.carrier = carrier
    return client
