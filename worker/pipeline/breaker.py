"""Breakers: a day's loss at its limit stops entries by itself; only the user lets the scope trade again.

An account's limit and a user's are those in force for them, whatever a bot of theirs has set beside. A breaker trips
once a scope and day: who resumes after it is not halted again that day, though the gate goes on to deny what is
beyond the limit then.
"""

from collections.abc import Collection as Many
from dataclasses import dataclass
from datetime import datetime

from shared.domain.bots import BotSettings
from shared.domain.commands import Via
from shared.domain.day_result import DayResult
from shared.domain.halts import HaltState
from shared.domain.identifiers import event_id
from shared.domain.layers import Level, in_force
from shared.halting import trip
from shared.logs import get_logger
from shared.models import accounts, halts, layers, trades, users
from shared.models.audit import AuditLine, append_audit
from shared.models.together import run_together
from worker.context import Context
from worker.notify.events import halt_events, ring_events
from worker.pipeline.day_results import days_of
from worker.pipeline.world import LONGEST_DAY

log = get_logger(__name__)

ACTOR = "breaker"


@dataclass(frozen=True, slots=True)
class _Breaker:
    """One scope's result of a day beside its limit."""

    scope: str
    user_id: str
    day: str
    result: DayResult
    currency: str
    limit_name: str
    settings: BotSettings

    @property
    def is_due(self) -> bool:
        limit = getattr(self.settings, self.limit_name)
        return self.result.total < 0 and self.result.loss_percent >= limit

    @property
    def reason(self) -> str:
        """The sentence for everybody whom it stops."""
        whose = "This account has" if self.scope.startswith("account:") else "Your accounts together have"
        return (
            f"{whose} lost {self.result.loss_percent:.2f} % on {self.day} ({self.result.total:.2f} {self.currency}); "
            f"the limit is {getattr(self.settings, self.limit_name)} %"
        )


def watch_losses(context: Context, user_ids: Many[str], now: datetime) -> int:
    """Trip the breakers of these users and their accounts whose day has reached its limit; return how many tripped."""
    due = [breaker for breaker in _breakers(context, user_ids, now) if breaker.is_due]
    return sum(_trip(breaker, now) for breaker in due)


def _breakers(context: Context, user_ids: Many[str], now: datetime) -> list[_Breaker]:
    people, owned, trading, of_users = run_together(
        users.finding_people(user_ids, now),
        accounts.finding_of_users(user_ids),
        trades.finding_of_users(user_ids, now - LONGEST_DAY),
        layers.finding(Level.USER, user_ids),
    )
    days = days_of(context, people, owned, trading)
    of_accounts = layers.find_many(Level.ACCOUNT, days.by_account)
    listed = [
        _Breaker(
            scope=f"account:{account_id}",
            user_id=owned[account_id].user_id,
            day=people[owned[account_id].user_id].day.name,
            result=result,
            currency=owned[account_id].quote_asset,
            limit_name="max_daily_loss_percent",
            settings=in_force(
                layers.known(of_users.get(owned[account_id].user_id), of_accounts.get(account_id))
            ),
        )
        for account_id, result in days.by_account.items()
    ]
    listed += [
        _Breaker(
            scope=f"user:{user_id}",
            user_id=user_id,
            day=people[user_id].day.name,
            result=day.result,
            currency=day.currency,
            limit_name="max_user_loss_percent",
            settings=in_force(layers.known(of_users.get(user_id))),
        )
        for user_id, day in days.by_user.items()
        if day.result is not None
    ]
    return listed


def _trip(breaker: _Breaker, now: datetime) -> bool:
    if halts.has_tripped(breaker.scope, breaker.day):
        return False
    by = (ACTOR, str(Via.BREAKER)) if breaker.settings.flatten_on_loss else None
    trip(breaker.scope, breaker.reason, now, flatten_by=by)
    # After the halt: who dies between the two finds it halted, and notes it then.
    if not halts.record_trip(breaker.scope, breaker.day, breaker.reason, now):
        return False
    detail = {"state": str(HaltState.REDUCING), "reason": breaker.reason}
    identity = event_id("audit.breaker", f"{breaker.scope}@{breaker.day}", 0)
    append_audit(AuditLine(identity, ACTOR, "halt", breaker.scope, detail, now))
    ring_events(halt_events([breaker.user_id], breaker.scope, HaltState.REDUCING, breaker.reason, now))
    log.warning("breaker.tripped", scope=breaker.scope, day=breaker.day)
    return True
