"""`bots show | start | pause | stop | set` and the questions that bots ask: what is stored, and what is refused."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.bots import BotSettings, BotState, Sizing, SizingMethod
from shared.domain.commands import Via
from shared.domain.confirmations import Confirmation, ConfirmationState
from shared.domain.identifiers import confirmation_id
from shared.domain.signals import Side
from shared.models import bots, confirmations
from shared.models.audit import AuditEntry
from shared.models.mapping import millisecond, rows_of
from tests.integration.web.commands.conftest import Run
from tests.integration.web.commands.test_creates import connect, make_provider, make_user

pytestmark = pytest.mark.usefixtures("empty_servers")


def make_bot(run: Run, *more: str) -> str:
    """Ada follows Alpha on paper."""
    make_user(run)
    make_provider(run)
    account_id = connect(run).row["id"]
    base = ("bots", "create", "--user", "Ada", "--provider", "Alpha", "--account", account_id)
    bot_id: str = run(*base, "--sizing", "risk:1", "--json", *more).row["trading_bot_id"]
    return bot_id


def state_of(bot_id: str) -> BotState:
    bot = bots.find(bot_id)
    assert bot is not None
    return bot.state


def ask(user_id: str = "user-1", *, seconds: int = 60) -> Confirmation:
    """A question as a worker stores it."""
    now = millisecond(datetime.now(UTC))
    expires_at = now + timedelta(seconds=seconds)
    question = Confirmation(
        confirmation_id=confirmation_id(user_id, f"bot{seconds}"),
        signal_id="signal-1",
        trading_bot_id="bot-1",
        user_id=user_id,
        account_id="account-1",
        provider_id="provider-1",
        source="discord",
        channel_id="21",
        message_id="77",
        symbol="BTC/USDT",
        side=Side.BUY,
        state=ConfirmationState.ASKED,
        asked_at=now,
        expires_at=expires_at,
        next_check_at=expires_at,
    )
    confirmations.create_many_once([question])
    return question


def test_a_bot_is_paused_and_started_and_every_change_is_in_the_audit_log(run: Run) -> None:
    bot_id = make_bot(run)
    assert run("bots", "pause", "--bot", bot_id, "--json").row["state"] == "paused"
    assert run("bots", "pause", "--bot", bot_id, "--json").row["state"] == "paused"
    assert state_of(bot_id) is BotState.PAUSED
    assert run("bots", "start", "--bot", bot_id).out.startswith(f"Bot {bot_id} is active")
    assert state_of(bot_id) is BotState.ACTIVE
    noted = [row["action"] for row in rows_of(AuditEntry).find({"subject": bot_id}).sort("at", 1)]
    assert noted == ["bot.create", "bot.pause", "bot.start"]


def test_a_stopped_bot_stays_stopped_and_makes_room_for_another(run: Run) -> None:
    bot_id = make_bot(run)
    assert run("bots", "stop", "--bot", bot_id, "--json").row["state"] == "stopped"
    for verb in ("start", "pause"):
        assert run("bots", verb, "--bot", bot_id).refused("never starts again")
    assert run("bots", "set", "--bot", bot_id, "max_open_positions=1").refused("was stopped")
    assert state_of(bot_id) is BotState.STOPPED
    account_id = run("bots", "show", "--json").row["account_id"]
    base = ("bots", "create", "--user", "Ada", "--provider", "Alpha", "--account", account_id)
    assert run(*base, "--sizing", "risk:1").status == 0


def test_bots_are_shown_by_user_with_why_they_do_not_trade(run: Run) -> None:
    bot_id = make_bot(run, "--set", "confirm_seconds=90")
    make_user(run, "2", "Eve")
    bots.change_state(
        bot_id, BotState.PAUSED, datetime.now(UTC), code="NO_RIGHT_TO_FOLLOW", reason="Only members may."
    )
    row = run("bots", "show", "--user", "Ada", "--json").row
    assert (row["id"], row["state"], row["state_code"]) == (bot_id, "paused", "NO_RIGHT_TO_FOLLOW")
    assert (row["sizing"], row["confirm_seconds"]) == ("risk:1", 90)
    assert "Only members may." in run("bots", "show").out
    assert run("bots", "show", "--user", "Eve").out == "No trading bots.\n"


def test_settings_and_sizing_are_changed_by_name_and_the_rest_stays(run: Run) -> None:
    bot_id = make_bot(run, "--set", "max_per_symbol=2")
    changed = ("max_open_positions=7", "confirm_seconds=120", "allowed_symbols=BTC/USDT,ETH/USDT")
    run("bots", "set", "--bot", bot_id, "--sizing", "fixed:50.5", *changed, "--json")
    bot = bots.find(bot_id)
    assert bot is not None
    assert bot.sizing == Sizing(SizingMethod.FIXED, Decimal("50.5"))
    assert bot.settings == BotSettings(
        max_open_positions=7,
        confirm_seconds=120,
        allowed_symbols=("BTC/USDT", "ETH/USDT"),
        max_per_symbol=2,
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "NAME=VALUE"),
        (("leverage=3",), "no setting is called"),
        (("confirm_seconds=86401",), "between 0 and 86400"),
        (("--sizing", "all-in"), "sizing must be"),
    ],
)
def test_what_is_no_setting_changes_nothing(run: Run, arguments: tuple[str, ...], complaint: str) -> None:
    bot_id = make_bot(run)
    assert run("bots", "set", "--bot", bot_id, *arguments).refused(complaint, status=2)
    bot = bots.find(bot_id)
    assert bot is not None
    assert bot.settings == BotSettings()


def test_a_bot_that_is_not_there_is_refused(run: Run) -> None:
    for verb in ("start", "pause", "stop"):
        assert run("bots", verb, "--bot", "none").refused("no bot has the id 'none'")


def test_questions_are_listed_by_user_and_answered_once(run: Run) -> None:
    user_id = make_user(run)
    question, other = ask(user_id), ask("somebody else")
    listed = run("bots", "confirmations", "--user", "Ada", "--json").row
    assert (listed["id"], listed["state"], listed["symbol"]) == (
        question.confirmation_id,
        "asked",
        "BTC/USDT",
    )
    assert len(run("bots", "confirmations", "--json").rows) == 2
    told = run("bots", "confirm", "--confirmation", question.confirmation_id, "--json").row
    assert (told["state"], told["created"], told["via"]) == ("confirmed", True, str(Via.CLI))
    again = run("bots", "confirm", "--confirmation", question.confirmation_id, "--json").row
    assert again["created"] is False
    assert run("bots", "refuse", "--confirmation", question.confirmation_id).refused("ANSWERED_BEFORE")
    assert run("bots", "refuse", "--confirmation", other.confirmation_id, "--json").row["state"] == "refused"
    noted = {row["action"] for row in rows_of(AuditEntry).find({"action": {"$regex": "^confirmation"}})}
    assert noted == {"confirmation.confirmed", "confirmation.refused"}


def test_a_question_that_is_over_or_unknown_is_not_answered(run: Run) -> None:
    late = ask(seconds=-1)
    assert run("bots", "confirm", "--confirmation", late.confirmation_id).refused("CONFIRMATION_EXPIRED")
    assert run("bots", "confirm", "--confirmation", "none").refused("NO_CONFIRMATION")
