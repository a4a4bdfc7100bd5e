"""`flask providers record`: what a provider's signals came to, followed on paper by ourselves and by its followers."""

from dataclasses import fields

import click

from shared.domain.record import Figures, ProviderRecord
from shared.models.mapping import Row, from_row
from shared.models.providers import Provider, ProviderTerms
from web.commands.answers import plain, show_rows, write_json
from web.commands.frame import Command, json_option
from web.commands.lookups import find_provider
from web.commands.session import open_database

_COLUMNS = ("figure", "whole", "last_90_days", "last_30_days")
_SHARES = ("read", "quarantined", "edited", "deleted")


@click.command("record", cls=Command)
@click.option("--provider", "provider_text", required=True, help="Id or name.")
@json_option
def record(*, provider_text: str, as_json: bool) -> None:
    """Show a provider's record, as workers computed it last.

    Every open signal is followed on paper at its posted price, worth 100 at the entry and with fees on both sides, so
    money here is a percentage too. Messages and followers' trades are those of the last 90 days.
    """
    open_database(Provider)
    terms = from_row(ProviderTerms, find_provider(provider_text), "provider_id")
    known = terms.record or ProviderRecord()
    if as_json:
        shares = {name: known.messages.share(getattr(known.messages, name)) for name in _SHARES}
        write_json({"provider_id": terms.provider_id, "name": terms.name, **plain(known), "shares": shares})
        return
    rows = _rows_of(known) if known.computed_at is not None else []
    show_rows(rows, _COLUMNS, as_json=False, empty=f"{terms.name} has no record yet.")


def _rows_of(known: ProviderRecord) -> list[Row]:
    rows: list[Row] = [{"figure": name, "whole": value} for name, value in _counted(known).items()]
    rows += [
        {
            "figure": field.name,
            "whole": getattr(known.whole, field.name),
            "last_90_days": getattr(known.last_90_days, field.name),
            "last_30_days": getattr(known.last_30_days, field.name),
        }
        for field in fields(Figures)
    ]
    rows += [
        {"figure": f"followers' {field.name}", "last_90_days": getattr(known.followers, field.name)}
        for field in fields(known.followers)
    ]
    said = known.messages
    rows.append({"figure": "messages", "last_90_days": said.messages})
    rows += [
        {"figure": f"{name} of them", "last_90_days": said.share(getattr(said, name))} for name in _SHARES
    ]
    return rows


def _counted(known: ProviderRecord) -> Row:
    counts = {field.name: getattr(known.counts, field.name) for field in fields(known.counts)}
    return {"computed_at": known.computed_at, "prices": "made up" if known.synthetic else "real", **counts}
