"""The US stocks of the large indices, by ticker and by the one word people call them: data of a well-kept package.

`us_stocks.tsv` beside this file is written by `python -m worker.parsing universe --refresh` from the index lists of
`pytickersymbols` (MIT): a ticker a line, and after a tab the name where one word names the company and nothing else.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

US_INDICES = ("DOW JONES", "NASDAQ 100", "S&P 100", "S&P 500", "S&P 600")
DATA = Path(__file__).with_name("us_stocks.tsv")
FEWEST = 800
"""Fewer stocks than this are no list of the American indices; a refresh that finds them changes nothing."""

_HEADER = "# US stocks of the large indices and the words they go by; written by `python -m worker.parsing universe --refresh`\n"
_TICKER = re.compile(r"[A-Z]{1,5}(?:\.[A-Z])?")
_NAME = re.compile(r"[a-z]{4,20}")
_PAREN = re.compile(r"\(.*?\)|[,&.!']")

# What stands beside a company's own name, and says nothing.
_FORMS = frozenset(
    """
    inc incorporated corp corporation company co group holding holdings the plc ltd limited nv sa class a b c com
    technologies technology international systems brands energy financial pharmaceuticals therapeutics bancorp
    bancshares resources industries entertainment platforms motor motors airlines global network networks software
    solutions labs laboratories partners trust realty properties reit sciences scientific medical health healthcare
    products services communications materials power food foods restaurants stores bank insurance pharma biosciences
    devices instruments semiconductor electronics interactive digital
    """.split()
)
# Names that are everyday words, places or people: alone they name no stock.
_TOO_COMMON = frozenset(
    """
    visa analog applied booking charter constellation marriott meta ross texas vertex western abbott american duke
    general southern target align ball baxter block boston cardinal carnival carrier cincinnati citizens devon
    dominion dover edison erie everest expand payments hartford huntington brokers paper jacobs match mosaic nasdaq
    news northern pool principal progressive income regions republic rollins southwest tapestry tyler tyson united
    universal vulcan waters zebra arbor enact atlas albany alarm artisan banner beacon bread benchmark buckle brady
    peabody cars city core catalyst california crescent customers dana deluxe employers essential element extreme
    first fulton golden gates getty hayward heritage harmonic helix harmony hawkins independent inspire integer
    knowles liberty lincoln lindsay liquidity stride lexington marathon matthews merchants merit mercury minerals
    national noble northwest oxford patrick penguin penn preferred powell progress protagonist gibraltar rogers
    redwood safety select simmons standard stellar triumph interface trinity cactus wiley adobe alphabet caterpillar
    nike cisco oracle ford eaton intel apple amazon linde microchip monolithic paychex roper workday blackstone
    arista corning prudential quanta synchrony trimble acadia alamo arlo comstock consol lumen ligand lakeland
    plexus integrations palomar radian talos sabre griffon diodes cogent adams diamondback frontdoor hilltop iridium
    southside stepan seaways sandisk key fast
    """.split()
)


def read_listing() -> tuple[frozenset[str], dict[str, str]]:
    """Return the listed tickers, and the ticker of each name (lower case)."""
    tickers: set[str] = set()
    names: dict[str, str] = {}
    for line in DATA.read_text(encoding="utf-8").splitlines():
        ticker, _, name = line.partition("\t")
        if not ticker.startswith("#"):
            tickers.add(ticker)
            if name:
                names[name] = ticker
    return frozenset(tickers), names


def to_listing(indices: Mapping[str, Any]) -> str:
    """Return the text of `us_stocks.tsv` for the package's indices.

    Raises
    ------
    ValueError
        If they do not hold the American indices with some `FEWEST` stocks: the package has changed its form.
    """
    companies = _companies(indices)
    if len(companies) < FEWEST:
        raise ValueError(f"only {len(companies)} US stocks found; at least {FEWEST} were expected")
    called = {ticker: _short_name(name) for ticker, name in companies.items()}
    used = Counter(called.values())
    lines = (
        ticker + (f"\t{name}" if name and used[name] == 1 else "") for ticker, name in sorted(called.items())
    )
    return _HEADER + "".join(f"{line}\n" for line in lines)


def _companies(indices: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for index in US_INDICES:
        rows: Iterable[Mapping[str, Any]] = indices.get(index, {}).get("companies", ())
        for row in rows:
            ticker, name = row.get("symbol"), row.get("name")
            if isinstance(ticker, str) and isinstance(name, str) and _TICKER.fullmatch(ticker):
                found[ticker] = name
    return found


def _short_name(name: str) -> str:
    """Return the one word of a company's name that is its own, or nothing."""
    words = [word for word in _PAREN.sub(" ", name.lower()).split() if word not in _FORMS]
    if len(words) != 1 or not _NAME.fullmatch(words[0]) or words[0] in _TOO_COMMON:
        return ""
    return words[0]
