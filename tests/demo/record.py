"""Everything the system wrote during the demo, read once, and kept as raw records under reports/."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from shared.models.accounts import Account
from shared.models.base import BaseDocument
from shared.models.bots import TradingBot
from shared.models.fills import Fill, Position
from shared.models.mapping import Row, rows_of
from shared.models.messages import Message
from shared.models.orders import Order
from shared.models.paper import PaperFill, PaperSubmit
from shared.models.signals import Receipt, Signal
from shared.models.trades import Trade


@dataclass(frozen=True)
class Record:
    """The rows as stored, with Decimal and aware UTC; `paper_*` is the paper venue's own account of it."""

    messages: list[Row]
    signals: list[Row]
    receipts: list[Row]
    orders: list[Row]
    trades: list[Row]
    fills: list[Row]
    positions: list[Row]
    accounts: list[Row]
    bots: list[Row]
    paper_submits: list[Row]
    paper_fills: list[Row]


_SOURCES: Mapping[str, type[BaseDocument]] = {
    "messages": Message,
    "signals": Signal,
    "receipts": Receipt,
    "orders": Order,
    "trades": Trade,
    "fills": Fill,
    "positions": Position,
    "accounts": Account,
    "bots": TradingBot,
    "paper_submits": PaperSubmit,
    "paper_fills": PaperFill,
}


def read_record() -> Record:
    """Read all rows through this process's connection (`shared.database.connect`)."""
    return Record(**{name: list(rows_of(document).find()) for name, document in _SOURCES.items()})


def write_record(record: Record, folder: Path) -> None:
    """Write each kind of row as JSON lines."""
    folder.mkdir(parents=True, exist_ok=True)
    for field in fields(record):
        rows = getattr(record, field.name)
        lines = (json.dumps(row, default=_plain, ensure_ascii=False) for row in rows)
        (folder / f"{field.name}.jsonl").write_text("".join(f"{line}\n" for line in lines))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
