"""`flask providers profile`: what a provider's messages leave unsaid, as learnt or as set by hand."""

from dataclasses import replace

import click

from shared.domain.instruments import AssetClass
from shared.domain.profiles import Habit, ProviderProfile
from shared.models.mapping import Row, from_row
from shared.models.providers import Provider, ProviderTerms, store_profile
from web.commands.answers import show_rows
from web.commands.frame import Command, CommandError, json_option
from web.commands.lookups import find_provider
from web.commands.session import audit, now, open_database

_COLUMNS = ("habit", "value", "count", "of", "by_hand")
_MARKETS = (AssetClass.CRYPTO, AssetClass.STOCK, AssetClass.OPTION, AssetClass.FOREX)
LEARN = "learn"


def check_quote(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    """Refuse what is no currency: 3 to 6 letters."""
    if text is None or text == LEARN:
        return text
    if not 3 <= len(text) <= 6 or not text.isascii() or not text.isalpha():
        raise click.BadParameter(f"{text[:20]!r} is no currency (USDT, USDC, EUR ...), nor `{LEARN}`")
    return text.upper()


@click.command("profile", cls=Command)
@click.option("--provider", "provider_text", required=True, help="Id or name.")
@click.option(
    "--quote", callback=check_quote, help="Quote currency of a coin named alone; `learn` forgets it."
)
@click.option(
    "--asset-class", type=click.Choice([*map(str, _MARKETS), LEARN]), help="What a bare name stands for."
)
@json_option
def profile(*, provider_text: str, quote: str | None, asset_class: str | None, as_json: bool) -> None:
    """Show what a provider usually means where a message does not say it; options set it by hand.

    Habits are learnt from the newest 200 messages, once five say the same thing and four of five agree. What is set by
    hand is not learnt over; `learn` gives it back to learning.
    """
    open_database(Provider)
    row = find_provider(provider_text)
    terms = from_row(ProviderTerms, row, "provider_id")
    known = terms.profile or ProviderProfile()
    if quote is not None:
        known = replace(known, quote=_by_hand(quote))
    if asset_class is not None:
        known = replace(known, asset_class=_by_hand(asset_class))
    if (quote, asset_class) != (None, None):
        if not terms.active:
            raise CommandError(f"{terms.name} is not active")
        at = now()
        # Forgotten moments of learning let the next job learn again, also without a new message.
        known = replace(known, learnt_at=None)
        store_profile(terms.provider_id, known)
        changed = {name: value for name, value in (("quote", quote), ("asset_class", asset_class)) if value}
        audit("provider.profile", terms.provider_id, changed, at)
    show_rows(
        _rows_of(known), _COLUMNS, as_json=as_json, empty=f"Nothing is known of {terms.name}'s habits yet."
    )


def _by_hand(value: str) -> Habit | None:
    return None if value == LEARN else Habit(value, by_hand=True)


def _rows_of(known: ProviderProfile) -> list[Row]:
    habits = (("quote", known.quote), ("asset_class", known.asset_class), ("language", known.language))
    rows: list[Row] = [
        {"habit": name, "value": habit.value, "count": habit.count, "of": habit.of, "by_hand": habit.by_hand}
        for name, habit in habits
        if habit is not None
    ]
    rows += [
        {"habit": f"scale of {symbol}", "value": f"10^{power}", "count": None, "of": None, "by_hand": False}
        for symbol, power in sorted(known.scales.items())
    ]
    return rows
