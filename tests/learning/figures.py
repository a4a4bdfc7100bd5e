"""What the readings of labelled messages mean for a user, by the definitions of the corpus."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.learning.rows import Labelled

FIELDS = ("symbol", "side", "entry", "stop_loss", "take_profits")


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts over a set of messages; shares are of the count that stands beside them in `lines`."""

    false_trades: int = 0
    others: int = 0
    wrong: int = 0
    recalled: int = 0
    exact: int = 0
    opens: int = 0
    updates_exact: int = 0
    updates: int = 0
    ignored: int = 0
    noise: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    def lines(self) -> list[str]:
        """Write each figure as a line with its share."""
        pairs = (
            ("false_trades", self.false_trades, self.others),
            ("wrong_side_or_symbol", self.wrong, self.recalled),
            ("open_recall", self.recalled, self.opens),
            ("open_exact", self.exact, self.opens),
            ("update_exact", self.updates_exact, self.updates),
            ("noise_ignored", self.ignored, self.noise),
        )
        return [
            f"{name:22} {part:4d} / {whole:4d}" + (f"  {100 * part / whole:6.2f} %" if whole else "")
            for name, part, whole in pairs
        ]


def judge(row: Labelled, got: Mapping[str, Any]) -> Figures:
    """Return the figures of one message."""
    wanted = row.label
    if opens(wanted):
        if not opens(got):
            return Figures(opens=1)
        right = {name: name in row.soft or same(name, wanted.get(name), got.get(name)) for name in FIELDS}
        wrong = not (right["symbol"] and right["side"])
        return Figures(opens=1, recalled=1, exact=all(right.values()), wrong=wrong)
    false = Figures(false_trades=opens(got), others=1)
    if not wanted.get("is_signal"):
        return false + Figures(noise=1, ignored=not got.get("is_signal"))
    exact = bool(got.get("is_signal")) and got.get("action") == wanted.get("action")
    exact = exact and all(
        name in row.soft or same(name, wanted.get(name), got.get(name)) for name in ("update_kind", "symbol")
    )
    return false + Figures(updates=1, updates_exact=exact)


def total(figures: Iterable[Figures]) -> Figures:
    """Add figures up."""
    return sum(figures, Figures())


def opens(row: Mapping[str, Any]) -> bool:
    """Say whether a label or a reading opens a trade."""
    return bool(row.get("is_signal")) and row.get("action") == "open"


def same(name: str, wanted: Any, got: Any) -> bool:
    """Compare a field; a zone may stand in either order, and an option's close may name its ticker alone."""
    if name == "symbol":
        return _same_symbol(wanted, got)
    if name in {"entry", "take_profits"}:
        first, second = list(wanted or ()), list(got or ())
        if name == "entry":
            first, second = sorted(first), sorted(second)
        return len(first) == len(second) and all(map(_same_number, first, second))
    if name == "stop_loss":
        return _same_number(wanted, got)
    return bool(wanted == got)


def _same_number(wanted: Any, got: Any) -> bool:
    if wanted is None or got is None:
        return wanted is None and got is None
    return math.isclose(float(wanted), float(got), rel_tol=1e-9)


def _same_symbol(wanted: Any, got: Any) -> bool:
    if isinstance(wanted, dict):
        if not isinstance(got, dict):
            return False
        said = {name: value for name, value in wanted.items() if value is not None}
        return all(
            _same_number(value, got.get(name))
            if name == "strike"
            else str(value).upper() == str(got.get(name) or "").upper()
            for name, value in said.items()
        )
    name = got.get("underlying") if isinstance(got, dict) else got
    return str(wanted or "").upper() == str(name or "").upper()
