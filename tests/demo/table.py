"""The demo's table: message, what was read, each follower's receipt, orders and fills, and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.domain.money import to_plain
from shared.models.mapping import Row
from tests.demo.accounting import receipts_by_signal
from tests.demo.record import Record
from tests.demo.steps import PASSED, Kind
from tests.demo.story import Played
from web.dashboard.reasons import explain_message
from worker.parsing.reasons import REASONS

WIDE_COLUMNS = 150
_MARKS = {Kind.EDIT: "✎ ", Kind.DELETE: "✗ ", Kind.REDELIVER: "⟳ ", Kind.UNFURL: "⧉ ", Kind.REPOST: "⧉ "}
_STYLES = {"done": "green", "noise": "bright_black", "quarantined": "yellow", "failed": "red"}


@dataclass(frozen=True)
class Line:
    """One message as the table shows it."""

    number: int
    room: str
    message: str
    read_as: str
    status: str
    sentence: str
    receipts: Mapping[str, str]
    orders: str
    fills: str


def list_lines(played: Sequence[Played], record: Record, followers: Mapping[str, str]) -> list[Line]:
    """Make a line of every step, in the order in which they happened."""
    rows = {(row["message_id"], int(row["revision"])): row for row in record.messages}
    signals = {row["_id"]: row for row in record.signals}
    answers = receipts_by_signal(record, followers)
    lines = []
    for number, one in enumerate(played, start=1):
        row = rows.get((one.message_id, one.revision)) if one.revision is not None else None
        signal = signals.get(row["signal_id"] or "") if row else None
        is_entry = row is not None and row["reason"] == "PLANNED"
        lines.append(
            Line(
                number=number,
                room=one.step.room,
                message=_MARKS.get(one.step.kind, "↳ " if one.step.of else "") + shorten(_text(one)),
                read_as=describe_reading(signal),
                status=row["status"] if row else ("" if one.revision is None else "lost"),
                sentence=_sentence(one, row, record),
                receipts=answers.get(row["signal_id"] or "", {}) if row else {},
                orders=_orders(one, record) if is_entry else "",
                fills=_fills(one, record) if is_entry else "",
            )
        )
    return lines


def describe_reading(signal: Row | None) -> str:
    """Say in a few words what was read: `buy BTC/USDT`, `move_stop ETH/USDT`, or nothing."""
    reading = signal["signal"] if signal else None
    if not reading:
        return ""
    option = reading.get("option")
    symbol = f"{option['underlying']} {option['strike']}{option['right']}" if option else reading["symbol"]
    what = reading["update_kind"] or (reading["side"] if reading["action"] == "open" else reading["action"])
    return " ".join(str(word) for word in (what, symbol) if word)


def shorten(text: str, limit: int = 60) -> str:
    """Put a message on one line of printable characters."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    shown = " ".join(shown.split())
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def print_table(console: Console, lines: Sequence[Line], names: Sequence[str]) -> None:
    """Print one row per message on a wide terminal, a few short lines each on a narrow one."""
    if console.width >= WIDE_COLUMNS:
        console.print(_wide(lines, names))
        return
    for line in lines:
        heading = Text(f"{line.number:>3} {line.message}")
        heading.truncate(console.width, overflow="ellipsis")
        console.print(heading)
        style = _STYLES.get(line.status, "")
        outcome = f"{line.read_as}: {line.sentence}" if line.read_as else line.sentence
        console.print(Text(f"    {outcome}", style=style))
        receipts = " · ".join(f"{name} {_receipt(line, name)}" for name in names if _receipt(line, name))
        orders = f"orders {line.orders} · fills {line.fills}" if line.orders else ""
        for detail in filter(None, (receipts, orders)):
            console.print(Text(f"    {detail}", style="bright_black"))


def _wide(lines: Sequence[Line], names: Sequence[str]) -> Table:
    table = Table(show_edge=False, pad_edge=False, header_style="bold", row_styles=("", "on grey7"))
    table.add_column("#", justify="right", style="bright_black")
    table.add_column("message", max_width=44, no_wrap=True, overflow="ellipsis")
    table.add_column("read as", max_width=22, no_wrap=True, overflow="ellipsis")
    for name in names:
        table.add_column(name, max_width=14)
    table.add_column("orders", max_width=26)
    table.add_column("fills", max_width=16)
    table.add_column("what became of it", min_width=30)
    for line in lines:
        table.add_row(
            str(line.number),
            Text(line.message),
            line.read_as,
            *(_receipt(line, name) for name in names),
            line.orders,
            line.fills,
            Text(line.sentence, style=_STYLES.get(line.status, "")),
        )
    return table


def _receipt(line: Line, name: str) -> str:
    code = line.receipts.get(name, "")
    return "✓" if code == PASSED else code.replace("_", " ").lower()


def _text(one: Played) -> str:
    if one.step.kind is Kind.DELETE:
        return "(deleted)"
    if one.step.kind is Kind.REDELIVER:
        return "(the gateway delivers it once more)"
    if one.step.kind is Kind.UNFURL:
        return "(Discord adds a link preview)"
    return one.content or " · ".join(str(embed.get("title", "")) for embed in one.embeds)


def _sentence(one: Played, row: Row | None, record: Record) -> str:
    if row is None:
        return "Never recorded." if one.revision is not None else "Known already: nothing to do."
    mine = [receipt for receipt in record.receipts if receipt["signal_id"] == row["signal_id"]]
    denied = [receipt for receipt in mine if receipt["outcome"] != "passed" and receipt["code"] != "HALT"]
    if mine and len(denied) == sum(receipt["code"] != "HALT" for receipt in mine):
        return str(denied[0]["detail"])
    return REASONS.get(row["reason"]) or explain_message(row["reason"], row["detail"])


def _orders(one: Played, record: Record) -> str:
    mine = [order for order in record.orders if _is_of(order, one)]
    if not mine:
        return ""
    states = Counter(str(order["status"]).lower().replace("accepted", "resting") for order in mine)
    return f"{len(mine)}: " + ", ".join(f"{count} {state}" for state, count in states.most_common())


def _fills(one: Played, record: Record) -> str:
    ids = {order["_id"] for order in record.orders if _is_of(order, one)}
    if not ids:
        return ""
    mine = [fill for fill in record.fills if fill["order_id"] in ids]
    prices = sorted({fill["price"] for fill in mine if fill["is_entry"]})
    at = f" at {to_plain(prices[0])}" if prices else ""
    return f"{len(mine)}{at}" if mine else "0"


def _is_of(order: Row, one: Played) -> bool:
    return (order["message_id"], order["channel_id"]) == (one.message_id, one.channel_id)
