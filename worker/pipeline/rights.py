"""The daily look at who may follow whom: a bot whose right is lost is paused, and its user told why."""

from datetime import datetime

from shared.domain.bots import BotState, TradingBot
from shared.domain.following import NO_RIGHT_TO_FOLLOW
from shared.domain.identifiers import event_id
from shared.models import audit, bots, outbox, providers, rights
from shared.models.durable import write_all
from shared.models.mapping import millisecond
from shared.models.providers import ProviderTerms
from worker.notify.events import bot_events, ring_for

PAGE = 250
ACTOR = "worker"


def check_all(now: datetime) -> str:
    """Pause every active bot whose user may not follow its provider any more; its cover and exits go on."""
    checked = paused = 0
    for terms in providers.all_active():
        if terms.is_public:
            continue
        listed = bots.active_ids_of(terms.provider_id)
        checked += len(listed)
        for start in range(0, len(listed), PAGE):
            paused += _check(terms, listed[start : start + PAGE], millisecond(now))
    return f"{checked} bots, {paused} paused"


def _check(terms: ProviderTerms, bot_ids: list[str], now: datetime) -> int:
    active = bots.find_active(bot_ids)
    allowed = rights.who_may_follow(terms, {bot.user_id for bot in active})
    lost = [bot for bot in active if bot.user_id not in allowed]
    return sum(_pause(bot, rights.why_not(terms, bot.user_id), now) for bot in lost)


def _pause(bot: TradingBot, reason: str | None, now: datetime) -> bool:
    if reason is None:
        return False  # given back at this moment
    events = bot_events([bot], NO_RIGHT_TO_FOLLOW, reason, now)

    def pause(wait: bool) -> bool:
        paused, code = BotState.PAUSED, NO_RIGHT_TO_FOLLOW
        return bots.change_state(bot.trading_bot_id, paused, now, code=code, reason=reason, wait=wait)

    # Told first: a look that dies in between finds the bot active and tells the same again.
    line = _audit_line(bot, reason, now)
    *_, is_paused = write_all(
        lambda wait: outbox.record_events(events, wait=wait),
        lambda wait: audit.append_audits_once([line], wait=wait),
        pause,
    )
    ring_for(events)
    return bool(is_paused)


def _audit_line(bot: TradingBot, reason: str, now: datetime) -> audit.AuditLine:
    entry_id = event_id("audit.bot.pause", bot.trading_bot_id, now.toordinal())
    detail = {"code": NO_RIGHT_TO_FOLLOW, "reason": reason, "user_id": bot.user_id}
    return audit.AuditLine(entry_id, ACTOR, "bot.pause", bot.trading_bot_id, detail, now)
