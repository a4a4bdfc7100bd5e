"""The door for what a user asks of a trade: record once, then ring. Page, bot and command line come in here."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.commands import (
    OPERATOR,
    Command,
    CommandKind,
    CommandStatus,
    Via,
    facts_of,
    parse_value,
)
from shared.domain.identifiers import command_id
from shared.domain.money import to_plain
from shared.domain.trades import Trade
from shared.models import commands, trades
from shared.models.mapping import millisecond
from shared.tasks import TaskName, enqueue

_FIRST_RING_SECONDS = 5
_MAX_REQUEST_ID = 100


class CommandRefused(ValueError):
    """Raised at the door with a code and the one sentence that tells why nothing was recorded."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class RecordedCommand:
    """What recording answers: the command as it is stored, and whether this call created it."""

    command: Command
    created: bool


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks (a user's id, or OPERATOR), through which door, and the request's own id.

    The same request that comes in twice is one command; a page makes its id with the form, not with the click.
    """

    by: str
    via: Via
    request_id: str


def record_command(
    caller: Caller, trade_id: str, kind: CommandKind, value_text: str | None, now: datetime
) -> RecordedCommand:
    """Insert a command unless it is there, then ring the bell.

    Raises
    ------
    CommandRefused
        If the trade is not the caller's, is over, or the value cannot be meant.
    pymongo.errors.PyMongoError
        If the database did not acknowledge.
    """
    if not 1 <= len(caller.request_id) <= _MAX_REQUEST_ID or not caller.request_id.isprintable():
        raise CommandRefused("BAD_REQUEST_ID", "The request has no usable id.")
    trade = _find_own_trade(caller.by, trade_id)
    try:
        value = parse_value(kind, value_text)
    except ValueError as error:
        raise CommandRefused("BAD_VALUE", _as_sentence(error)) from None
    written = "" if value is None else to_plain(value)
    row_id = command_id(trade.trade_id, kind, written, caller.request_id)
    known = commands.find(row_id)
    if known is not None:
        return RecordedCommand(known, created=False)
    if trade.is_over:
        ended = trade.close_reason or trade.status
        raise CommandRefused("TRADE_OVER", f"The trade {trade.trade_id} has ended ({ended}).")
    now = millisecond(now)
    command = Command(
        command_id=row_id,
        trade_id=trade.trade_id,
        user_id=trade.user_id,
        account_id=trade.account_id,
        kind=kind,
        value=value,
        by=caller.by,
        via=caller.via,
        status=CommandStatus.PENDING,
        at=now,
        next_check_at=now + timedelta(seconds=_FIRST_RING_SECONDS),
        before=dict(facts_of(trade)),
    )
    created = not commands.create_many_once([command])
    if created:
        enqueue(TaskName.TRADES_CARRY_OUT, [row_id])
    return RecordedCommand(command if created else commands.find(row_id) or command, created)


def _find_own_trade(by: str, trade_id: str) -> Trade:
    trade = trades.find(trade_id) if trade_id.isprintable() else None
    # Whose trade it is, is nobody else's business: to a stranger it does not exist.
    if trade is None or by not in {OPERATOR, trade.user_id}:
        raise CommandRefused("NO_TRADE", f"There is no trade {trade_id[:60]!r}.")
    return trade


def _as_sentence(error: ValueError) -> str:
    text = str(error)
    return text[:1].upper() + text[1:] + "."
