"""The gates of a sample receipt: the program's own, walked over facts that fit the message."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from shared.domain.bots import Sizing, SizingMethod
from shared.domain.errors import Denial
from shared.domain.plans import Tier
from shared.domain.receipts import GateResult
from shared.domain.risk import run_gates
from shared.domain.signals import Signal
from tests.unit.shared.domain.builders import (
    make_account,
    make_alive,
    make_bot,
    make_facts,
    make_instrument,
)

FINEST = Decimal("0.0001")
_RISK = Sizing(SizingMethod.RISK, Decimal("0.5"))


def walk(
    signal: Signal, at: datetime, *, others: int = 2, **changes: Any
) -> tuple[tuple[GateResult, ...], Denial | None]:
    """Walk all gates for a follower with 10,000 USDT who has so many other trades open."""
    symbol = signal.symbol or ""
    base, _, quote = symbol.partition("/")
    price = signal.entry[0] if signal.entry else Decimal(100)
    instrument = make_instrument(symbol=symbol, base=base, quote=quote, tick=FINEST)
    account = make_account(venue="binance", balance_at=at, balance_free=Decimal("7845.20"))
    trades = tuple(make_alive(f"other{n}", f"OTHER{n}/USDT") for n in range(others))
    facts = make_facts(
        **{
            "signal": signal,
            "symbol": symbol,
            "posted_at": at,
            "now": at,
            "tier": Tier.PRO,
            "signals_today": 7,
            "bot": make_bot(sizing=_RISK),
            "account": account,
            "instrument": instrument,
            "bid": price - instrument.tick,
            "ask": price,
            "trades": trades,
            **changes,
        }
    )
    return run_gates(facts)
