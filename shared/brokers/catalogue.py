"""The venues we know: data only, so that the web can read it without adapters.

Every venue offers our own paper trading for its asset classes; sandbox and live come with its adapter. What each
can do and lets itself be asked stands in `rows`, one file a venue.
"""

import importlib
from collections.abc import Collection, Iterable

from shared.brokers.codes import Refusal
from shared.brokers.rows import alpaca, binance, binance_futures, coinbase, kucoin, paper
from shared.brokers.venue import Venue
from shared.domain.accounts import Environment
from shared.domain.errors import PermanentError

VENUES: dict[str, Venue] = {
    rows.VENUE.name: rows.VENUE for rows in (paper, binance, binance_futures, coinbase, alpaca, kucoin)
}


def list_venues(adapter_modules: Iterable[str] = (), live_venues: Collection[str] = ()) -> dict[str, Venue]:
    """List all venues by name, with those of adapters registered from outside (VENUE_ADAPTERS).

    Those take real money only where the operator vouches that their contract cards pass, by naming them in
    LIVE_VENUES; of the tree's own a test holds that they do.

    Beside an adapter's module lies one named `rows` that holds its `VENUE` and imports no adapter code:
    that one is read here, so that who only needs the data never loads a client.

    Raises
    ------
    PermanentError
        UNKNOWN_VENUE if there is no such module or it holds no venue.
    """
    venues = dict(VENUES)
    for adapter in adapter_modules:
        rows = f"{adapter.rpartition('.')[0]}.rows"
        try:
            venue: Venue = importlib.import_module(rows).VENUE
        except (ImportError, AttributeError, TypeError) as error:
            raise PermanentError(Refusal.UNKNOWN_VENUE, f"{rows} holds no VENUE: {error}") from error
        venues[venue.name] = venue if venue.name in live_venues else venue.without_live()
    return venues


def find_venue(name: str) -> Venue:
    """Look a venue up by its name.

    Raises
    ------
    PermanentError
        UNKNOWN_VENUE.
    """
    venue = VENUES.get(name)
    if venue is None:
        raise PermanentError(Refusal.UNKNOWN_VENUE, f"no venue is called {name!r}")
    return venue


def check_environment(venue: Venue, environment: Environment) -> None:
    """Raise PermanentError(ENVIRONMENT_NOT_OFFERED) where a venue has no such environment."""
    if not venue.offers(environment):
        offered = ", ".join(venue.environments)
        detail = f"{venue.title} offers {offered}, not {environment}"
        if environment is Environment.LIVE and venue.name not in VENUES:
            detail += "; a venue from outside the tree takes real money once LIVE_VENUES names it"
        raise PermanentError(Refusal.ENVIRONMENT_NOT_OFFERED, detail)
