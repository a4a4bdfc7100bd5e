"""Leverage, size and risk: ranges, shares of the usual size, and what is risked rather than put in."""

from decimal import Decimal

import pytest

from shared.domain.signals import Signal
from worker.parsing.parser import parse_message

ORDER = "Long SOL/USDT\nEntry 142\nSL 138\nTP 150\n"


def read(last_line: str) -> Signal:
    reading = parse_message(ORDER + last_line)
    assert isinstance(reading, Signal)
    return reading


def numbers(*texts: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(text) for text in texts)


@pytest.mark.parametrize(
    ("line", "lowest", "both"),
    [
        ("Leverage 5x", "5", ()),
        ("Leverage: 5x - 10x", "5", ("5", "10")),
        ("Lev 5-10x", "5", ("5", "10")),
        ("Leverage x10 to x20", "10", ("10", "20")),
        ("Lev: 5X - 10X - 25X", "5", ("5", "25")),
        ("Cross 10x 20x", "10", ("10", "20")),
    ],
)
def test_of_a_range_of_leverage_the_lower_end_counts_and_both_are_kept(line: str, lowest: str, both: tuple[str, ...]) -> None:
    reading = read(line)
    assert (reading.leverage, reading.leverage_range) == (Decimal(lowest), numbers(*both))


@pytest.mark.parametrize(("line", "lowest", "both"), [("Size: 2%", "2", ()), ("Use 2-5% of balance", "2", ("2", "5")), ("Size: 1% - 4%", "1", ("1", "4"))])
def test_of_a_range_of_size_the_lower_end_counts_and_both_are_kept(line: str, lowest: str, both: tuple[str, ...]) -> None:
    reading = read(line)
    assert (reading.size_pct, reading.size_pct_range) == (Decimal(lowest), numbers(*both))


@pytest.mark.parametrize("line", ["Risk 1%", "1% risk", "(risk: 1%)", "Риск 1% депо", "Risk 1-2%"])
def test_what_is_risked_is_no_size(line: str) -> None:
    reading = read(line)
    assert (reading.risk_pct, reading.size_pct) == (Decimal(1), None)


@pytest.mark.parametrize(("line", "share"), [("1/2 size", "0.5"), ("half position size", "0.5"), ("half size", "0.5"), ("1/4 position", "0.25"), ("full size", None)])
def test_a_share_of_the_usual_size_is_a_fraction(line: str, share: str | None) -> None:
    reading = read(line)
    assert (reading.size_fraction, reading.size_pct) == (Decimal(share) if share else None, None)


@pytest.mark.parametrize(
    ("text", "stop", "targets"),
    [
        ("GBPUSD BUY NOW\nSL 30 pips\nTP 60 pips", "30", ("60",)),
        ("Sell EURUSD @ 1.0850, stop 25pips, target 50pips", "25", ("50",)),
        ("USDJPY long 151.20\nStop: 40 pips\nTargets: 40 pips / 80 pips", "40", ("40", "80")),
    ],
)
def test_levels_in_pips_are_distances_and_no_prices(text: str, stop: str, targets: tuple[str, ...]) -> None:
    reading = parse_message(text)
    assert isinstance(reading, Signal)
    assert (reading.stop_loss, reading.take_profits) == (None, ())
    assert (reading.stop_loss_pips, reading.take_profits_pips) == (Decimal(stop), numbers(*targets))


def test_targets_as_a_range_of_percent_are_both_kept() -> None:
    reading = parse_message("BUY SPOT $FET\nEntry now\nTP 20-30%\nSL 1.05")
    assert isinstance(reading, Signal)
    assert (reading.take_profits_pct, reading.take_profits) == (numbers("20", "30"), ())
