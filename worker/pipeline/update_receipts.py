"""Write down for each follower what became of every command of an update, in one receipt."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.money import to_plain
from shared.domain.receipts import GateResult, Receipt, Verdict
from shared.domain.trades import Trade
from shared.domain.update_codes import CARRIED_OUT, PARTLY_UPDATED, UPDATED, sentence_of
from shared.domain.updates import Wish
from shared.models.signals import SignalRecord
from worker.pipeline.receipts import Outcome, make_receipt

_SAID_ALREADY = frozenset({"ALREADY_OVER", "ALREADY_CLOSING"})
"""No line of its own beside what an earlier command of the same message has brought about."""


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one command for one trade."""

    trade: Trade
    wish: Wish
    code: str

    @property
    def is_carried_out(self) -> bool:
        """Tell whether it was done, is being done or will be."""
        return self.code in CARRIED_OUT


def update_receipts(record: SignalRecord, lines: Sequence[Line]) -> list[Receipt]:
    """Write one receipt for each bot, with a gate line for each command in the message's order."""
    by_bot: dict[str, list[Line]] = {}
    for line in lines:
        mine = by_bot.setdefault(line.trade.trading_bot_id, [])
        if not mine or line.code not in _SAID_ALREADY:
            mine.append(line)
    return [_receipt(record, mine) for mine in by_bot.values()]


def _receipt(record: SignalRecord, lines: Sequence[Line]) -> Receipt:
    is_single = len(lines) == 1
    gates = tuple(
        GateResult(
            "update" if is_single else f"update {number}",
            _said(line, lines),
            "risk may not grow",
            Verdict.PASSED if line.is_carried_out else Verdict.DENIED,
        )
        for number, line in enumerate(lines, 1)
    )
    trade = lines[0].trade
    return make_receipt(record, trade, _outcome(lines), gates, trade=trade)


def _outcome(lines: Sequence[Line]) -> Outcome:
    done = [line for line in lines if line.is_carried_out]
    verdict = Verdict.PASSED if done else Verdict.DENIED
    codes = list(dict.fromkeys(line.code or UPDATED for line in lines))
    if len(codes) == 1:
        return Outcome(verdict, codes[0], sentence_of(codes[0]))
    detail = " ".join(f"{number}. {sentence_of(line.code)}" for number, line in enumerate(lines, 1))
    if len(done) < len(lines):
        return Outcome(verdict, PARTLY_UPDATED if done else codes[0], detail)
    # All is done or will be: what is still to come is what the follower should know.
    return Outcome(verdict, next(code for code in codes if code != UPDATED), detail)


def _said(line: Line, lines: Sequence[Line]) -> str:
    wish, parts = line.wish, []
    if wish.kind is not None:
        parts.append(str(wish.kind).replace("_", " "))
    if wish.is_entry_edit:
        parts = ["cancel what was not filled of the edited entry"]
    if wish.fraction is not None:
        parts.append(f"{wish.fraction:.0%}")
    if wish.stop_price is not None:
        parts.append(f"to {to_plain(wish.stop_price)}")
    elif wish.stop_percent is not None:
        parts.append(f"to {to_plain(wish.stop_percent)} %")
    if wish.targets:
        parts.append("at " + ", ".join(map(to_plain, wish.targets)))
    if len({other.trade.symbol for other in lines}) > 1:
        parts.append(f"of {line.trade.symbol}")
    text = " ".join(parts) or "nothing"
    return f"{text}: {line.code}" if line.code else text
