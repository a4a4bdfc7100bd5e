"""`make conformance VENUE=...`: contract cards at the emulated venue, or with a key the sandbox cards at its own sandbox.

    make conformance                                       every venue, at its emulator
    make conformance VENUE=alpaca                          one venue, at its emulator
    make conformance VENUE=alpaca KEY=FILE SYMBOL=AAPL     at Alpaca's own sandbox; FILE is what `accounts connect` takes

Prints a table; the last line is one JSON object. Exit status 0 only where no card failed.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from shared.brokers.adapters import own_adapters
from shared.brokers.factory import AccountAccess, BrokerFactory, Credentials, load_adapters
from shared.domain.accounts import Environment
from shared.domain.errors import PermanentError, TradeError
from shared.settings import ConfigurationError, load_settings
from tests.conformance.cards import CARDS
from tests.conformance.contract import STAGES, run_contract
from tests.conformance.desk import open_desk
from tests.conformance.play import Cell, play
from tests.conformance.table import count, show

_CHECKED = "sandbox"


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the cards and print the table."""
    parser = argparse.ArgumentParser(
        prog="make conformance", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--venue", default="", help="one venue; all by default")
    parser.add_argument("--credentials-file", type=Path, help="a key of the venue's own sandbox, as JSON")
    parser.add_argument("--symbol", default="", help="what to trade there, as we write it: BTC/USDT, AAPL")
    options = parser.parse_args(arguments)
    if options.credentials_file is not None:
        if not options.venue or not options.symbol:
            parser.error("at a sandbox the cards need --venue and --symbol")
        try:
            credentials = read_key(options.credentials_file)
            columns = asyncio.run(at_sandbox(options.venue, options.symbol, credentials))
        except (ValueError, OSError, TradeError, ConfigurationError) as error:
            print(f"Not played: {error}", file=sys.stderr)
            return 2
        title = f"Sandbox cards at {options.venue}'s own sandbox, {options.symbol}"
    else:
        if options.venue and options.venue not in STAGES:
            parser.error(f"no emulator plays {options.venue!r}; there are {', '.join(STAGES)}")
        wanted = [options.venue] if options.venue else list(STAGES)
        columns = run_contract([stage for venue in wanted for stage in STAGES[venue]])
        title = "Contract cards at the emulated venues"
    show(title, columns)
    figures = count(columns)
    print(json.dumps({"venues": list(columns), **figures}))
    return 1 if figures["failed"] else 0


def read_key(file: Path) -> Credentials:
    """Read a key as `accounts connect` takes it; ValueError where the file holds none."""
    try:
        return Credentials(**json.loads(file.read_text()))
    except TypeError as error:
        raise ValueError(f"{file} holds no key: {error}") from None


async def at_sandbox(venue_name: str, symbol: str, credentials: Credentials) -> dict[str, list[Cell]]:
    """Play the sandbox cards with a user's key; the live environment is never touched.

    Raises
    ------
    ValueError
        If the venue does not trade the symbol.
    TradeError
        As the venue answers; UNKNOWN_VENUE and ENVIRONMENT_NOT_OFFERED among them.
    """
    settings = load_settings()
    pair = (credentials.api_key, credentials.secret)
    adapters = {**own_adapters(lambda *_: pair), **load_adapters(settings.venue_adapters)}
    factory = BrokerFactory(adapters)
    venue = factory.find_venue(venue_name)
    if not venue.offers(Environment.SANDBOX):
        raise PermanentError("ENVIRONMENT_NOT_OFFERED", f"{venue.title} has no sandbox of its own")
    access = AccountAccess(
        account_id="conformance",
        venue=venue_name,
        environment=Environment.SANDBOX,
        credentials=credentials,
        base_url=settings.venue_url(venue_name, _CHECKED),
    )
    console = Console(stderr=True)
    try:
        market = factory.open_market_data(venue_name, Environment.SANDBOX, access.base_url)
        listed = await market.fetch_instruments([symbol])
        if not listed:
            raise ValueError(f"{venue.title} lists no {symbol}")
        row = venue.capabilities(Environment.SANDBOX, listed[0].asset_class)
        if row is None:
            raise ValueError(f"{venue.title} does not trade {listed[0].asset_class}")
        desk = await open_desk(factory, access, row, symbol)
        cells = await play(
            desk, CARDS, lambda cell: console.print(f"{cell.card} {cell.outcome}: {cell.title}")
        )
    finally:
        await factory.close()
    return {venue_name: cells}


if __name__ == "__main__":
    sys.exit(main())
