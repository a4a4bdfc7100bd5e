"""A provider's record: what its signals came to, the one source for half-Kelly, commands and pages.

Two sides, never mixed: every signal followed on paper by ourselves (`shared.domain.reference`), and what followers'
trades made of them. Money of references is of 100 at entry each, so it adds up and is a percentage too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from shared.domain.errors import Denial
from shared.domain.money import ONE, ZERO

KELLY_SAMPLE = 30
"""Closed reference positions below which half-Kelly is refused."""

WINDOW = timedelta(days=90)
"""How far back messages and followers' trades are looked at."""

_CENT = Decimal("0.01")
_RATIO = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one reference position ended: money and R after fees."""

    ended_at: datetime
    result: Decimal
    r_multiple: Decimal | None
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """What closed reference positions of a span came to; None where there is nothing to divide by.

    Money to the cent, shares and R to four places; a result above zero is a win. `profit_factor` is what was won over
    what was lost, None without a loss. A drawdown is the largest fall of the running sum from its highest point
    before, in the order in which positions ended.
    """

    closed: int = 0
    wins: int = 0
    win_rate: Decimal | None = None
    average_r: Decimal | None = None
    average_win: Decimal | None = None
    average_loss: Decimal | None = None
    profit_factor: Decimal | None = None
    total: Decimal = ZERO
    drawdown: Decimal = ZERO
    drawdown_r: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class FollowerSums:
    """Raw sums of followers' closed trades: wins, money gained and lost, and R where it is known."""

    closed: int = 0
    wins: int = 0
    gained: Decimal = ZERO
    lost: Decimal = ZERO
    r_sum: Decimal = ZERO
    r_known: int = 0


@dataclass(frozen=True, slots=True)
class FollowerFigures:
    """What followers' trades of the last 90 days came to; money stays in each account's own currency."""

    closed: int = 0
    wins: int = 0
    win_rate: Decimal | None = None
    average_r: Decimal | None = None
    profit_factor: Decimal | None = None


@dataclass(frozen=True, slots=True)
class MessageShares:
    """Messages of the last 90 days, each counted once however often it was edited, and what became of them.

    `read`: acted on as a signal, a close or an update; `quarantined`: held back for a person; the rest is talk.
    """

    messages: int = 0
    read: int = 0
    quarantined: int = 0
    edited: int = 0
    deleted: int = 0

    def share(self, count: int) -> Decimal | None:
        """Return a count as a share of the messages, on four places; None without any."""
        return _share(count, self.messages)


@dataclass(frozen=True, slots=True)
class SignalCounts:
    """Open signals by what became of their reference positions.

    `entered` counts those that are open or closed, `missed` those that never entered, `unpriced` those without stored
    prices, which are part of no figure.
    """

    signals: int = 0
    entered: int = 0
    missed: int = 0
    waiting: int = 0
    unpriced: int = 0


@dataclass(frozen=True, slots=True)
class ProviderRecord:
    """All that is told of a provider; `synthetic` where a part of it was followed on made-up prices."""

    counts: SignalCounts = SignalCounts()
    whole: Figures = Figures()
    last_30_days: Figures = Figures()
    last_90_days: Figures = Figures()
    followers: FollowerFigures = FollowerFigures()
    messages: MessageShares = MessageShares()
    synthetic: bool = False
    computed_at: datetime | None = None


def make_record(
    counts: SignalCounts,
    outcomes: Iterable[Outcome],
    followers: FollowerSums,
    messages: MessageShares,
    now: datetime,
) -> ProviderRecord:
    """Fold everything that is stored of a provider into its record; the order of `outcomes` does not matter."""
    listed = sorted(outcomes, key=lambda one: (one.ended_at, one.result, one.r_multiple or ZERO))
    recent = [one for one in listed if one.ended_at > now - timedelta(days=90)]
    return ProviderRecord(
        counts=counts,
        whole=count_figures(listed),
        last_30_days=count_figures([one for one in recent if one.ended_at > now - timedelta(days=30)]),
        last_90_days=count_figures(recent),
        followers=_follower_figures(followers),
        messages=messages,
        synthetic=any(one.synthetic for one in listed),
        computed_at=now,
    )


def count_figures(outcomes: Sequence[Outcome]) -> Figures:
    """Count the figures of outcomes that stand in the order of their end."""
    won = [one.result for one in outcomes if one.result > ZERO]
    lost = [-one.result for one in outcomes if one.result <= ZERO]
    multiples = [one.r_multiple for one in outcomes if one.r_multiple is not None]
    return Figures(
        closed=len(outcomes),
        wins=len(won),
        win_rate=_share(len(won), len(outcomes)),
        average_r=_mean(multiples, _RATIO),
        average_win=_mean(won, _CENT),
        average_loss=_mean(lost, _CENT),
        profit_factor=_factor(sum(won, ZERO), sum(lost, ZERO)),
        total=sum((one.result for one in outcomes), ZERO).quantize(_CENT, ROUND_HALF_EVEN),
        drawdown=_drawdown([one.result for one in outcomes]).quantize(_CENT, ROUND_HALF_EVEN),
        drawdown_r=_drawdown(multiples).quantize(_RATIO, ROUND_HALF_EVEN),
    )


def half_kelly(record: ProviderRecord | None) -> Decimal | Denial:
    """Return the share of the equity that a position is to be worth, by half of Kelly's formula.

    f = (p - (1 - p) / b) / 2, where p is the share of wins among all closed reference positions and b the average win
    over the average loss. Refused below `KELLY_SAMPLE` positions, and where f is not above zero.
    """
    figures = record.whole if record is not None else Figures()
    if figures.closed < KELLY_SAMPLE:
        return Denial(
            "KELLY_SAMPLE",
            f"Half-Kelly needs {KELLY_SAMPLE} closed trades of this provider; there are {figures.closed}.",
        )
    chance = Decimal(figures.wins) / figures.closed
    loss, win = figures.average_loss or ZERO, figures.average_win or ZERO
    share = chance / 2 if win > ZERO else ZERO
    if win > ZERO:
        share -= (ONE - chance) * loss / win / 2
    if share <= ZERO:
        return Denial("KELLY_NEGATIVE", "The provider's record shows no edge, so half-Kelly gives no size.")
    return share


def _follower_figures(sums: FollowerSums) -> FollowerFigures:
    return FollowerFigures(
        closed=sums.closed,
        wins=sums.wins,
        win_rate=_share(sums.wins, sums.closed),
        average_r=(sums.r_sum / sums.r_known).quantize(_RATIO, ROUND_HALF_EVEN) if sums.r_known else None,
        profit_factor=_factor(sums.gained, sums.lost),
    )


def _drawdown(steps: Iterable[Decimal]) -> Decimal:
    height = highest = deepest = ZERO
    for step in steps:
        height += step
        highest = max(highest, height)
        deepest = max(deepest, highest - height)
    return deepest


def _mean(values: Sequence[Decimal], step: Decimal) -> Decimal | None:
    return (sum(values, ZERO) / len(values)).quantize(step, ROUND_HALF_EVEN) if values else None


def _share(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) / whole).quantize(_RATIO, ROUND_HALF_EVEN) if whole else None


def _factor(gained: Decimal, lost: Decimal) -> Decimal | None:
    return (gained / lost).quantize(_RATIO, ROUND_HALF_EVEN) if lost > ZERO else None
