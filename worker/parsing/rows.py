"""A reading as JSON: the fields of a label, which `python -m worker.parsing` writes and `diff` compares."""

from decimal import Decimal

from shared.domain.instruments import OptionContract
from shared.domain.signals import Action, NotASignal, Reading, Signal
from worker.parsing.parser import ACT_FROM

REPORTS = "update"


def to_row(reading: Reading) -> dict[str, object]:
    """Return a reading as the fields of a label; a doubtful one asks for nothing but keeps its fields."""
    return _signal_row(reading) if isinstance(reading, Signal) else _silent_row(reading)


def _silent_row(reading: NotASignal) -> dict[str, object]:
    return {
        "is_signal": False,
        "action": REPORTS if reading.update_kind is not None else None,
        "symbol": reading.symbol,
        "update_kind": reading.update_kind,
        "reason": reading.reason,
        "confidence": _number(reading.confidence),
    }


def _signal_row(reading: Signal) -> dict[str, object]:
    row: dict[str, object] = {
        "is_signal": reading.confidence >= ACT_FROM,
        "action": reading.action.value,
        "symbol": _option(reading.option) if reading.option is not None else reading.symbol,
        "asset_class": reading.asset_class,
        "side": reading.side,
        "order_type": reading.order_type,
        "entry": _numbers(_ends(reading.entry)),
        "stop_loss": _number(reading.stop_loss),
        "take_profits": _numbers(reading.take_profits),
        "stop_loss_pct": _number(reading.stop_loss_pct),
        "take_profits_pct": _numbers(reading.take_profits_pct),
        "stop_loss_pips": _number(reading.stop_loss_pips),
        "take_profits_pips": _numbers(reading.take_profits_pips),
        "leverage": _number(reading.leverage),
        "size_pct": _number(reading.size_pct),
        "confidence": _number(reading.confidence),
    }
    return row | _if_said(reading) | ({} if reading.action is Action.OPEN else _update_fields(reading))


def _if_said(reading: Signal) -> dict[str, object]:
    """Return the fields that stand in a row only where the message has them."""
    said: dict[str, object] = {
        "leverage_range": _numbers(reading.leverage_range),
        "size_pct_range": _numbers(reading.size_pct_range),
        "size_fraction": _number(reading.size_fraction),
        "risk_pct": _number(reading.risk_pct),
        "doubt": reading.doubt,
        "entry_points": _numbers(reading.entry) if len(reading.entry) > 2 else None,
        "also": [to_row(other) for other in reading.also],
    }
    return {name: value for name, value in said.items() if value not in (None, [], "")}


def _update_fields(reading: Signal) -> dict[str, object]:
    share = reading.close_fraction
    return {
        "update_kind": reading.update_kind,
        "exit_price": _number(reading.exit_price),
        "close_pct": _number(share * 100 if share is not None else None),
    }


def _numbers(values: tuple[Decimal, ...]) -> list[int | float | None]:
    return [_number(value) for value in values]


def _ends(points: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    return points if len(points) < 2 else (points[0], points[-1])


def _option(contract: OptionContract) -> dict[str, object]:
    return {
        "underlying": contract.underlying,
        "expiry": contract.expiry,
        "strike": _number(contract.strike),
        "right": contract.right,
    }


def _number(value: Decimal | None) -> int | float | None:
    """Write a price as a JSON number; JSON has no decimals, and nothing is computed with this one."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
