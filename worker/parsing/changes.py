"""What two parsers read differently: rows of one version against rows of another, message by message."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

Row = Mapping[str, object]

# What moves money, in the order in which a difference is told; the rest (confidence, reason) does not.
FIELDS = (
    "is_signal", "action", "update_kind", "symbol", "side", "order_type", "entry", "stop_loss", "take_profits", "stop_loss_pct",
    "take_profits_pct", "stop_loss_pips", "take_profits_pips", "leverage", "size_pct", "size_fraction", "risk_pct", "close_pct", "also",
)  # fmt: skip
_EMPTY: tuple[object, ...] = (None, [], "")


@dataclass(frozen=True, slots=True)
class Change:
    """One message read differently: `kind` says what it means for a follower, `fields` what changed from what to what."""

    message_id: str
    kind: str
    fields: tuple[tuple[str, object, object], ...]


def changes_between(old: Iterable[Row], new: Iterable[Row]) -> Iterator[Change]:
    """Yield what changed, in the new rows' order; then messages that only the old rows hold, as `gone`."""
    before = {str(row["id"]): row for row in old if "id" in row}
    for row in new:
        if "id" not in row:
            continue
        message_id = str(row["id"])
        former = before.pop(message_id, None)
        if former is None:
            yield Change(message_id, "new message", ())
            continue
        changed = tuple(
            (name, former.get(name), row.get(name))
            for name in FIELDS
            if _differs(former.get(name), row.get(name))
        )
        if changed:
            yield Change(message_id, _kind(former, row), changed)
    for message_id in before:
        yield Change(message_id, "gone", ())


def _differs(old: object, new: object) -> bool:
    if old in _EMPTY and new in _EMPTY:
        return False
    return _essence(old) != _essence(new)


def _essence(value: object) -> object:
    """Reduce further commands to what moves money, so that a field that a version only adds is no difference."""
    if isinstance(value, Mapping):
        return {name: _essence(value[name]) for name in FIELDS if value.get(name) not in _EMPTY}
    if isinstance(value, list):
        return [_essence(item) for item in value]
    return value


def _opens(row: Row) -> bool:
    return bool(row.get("is_signal")) and row.get("action") == "open"


def _kind(old: Row, new: Row) -> str:
    if _opens(old) != _opens(new):
        return "opens a trade now" if _opens(new) else "opens no trade any more"
    if bool(old.get("is_signal")) != bool(new.get("is_signal")):
        return "acts now" if new.get("is_signal") else "does not act any more"
    if _differs(old.get("symbol"), new.get("symbol")) or _differs(old.get("side"), new.get("side")):
        return "other instrument or side"
    return "other levels" if new.get("is_signal") else "other words for nothing to do"
