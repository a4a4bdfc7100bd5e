"""What a follower sees on the Overview, and what nobody else's Overview ever shows."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import redis
from flask.testing import FlaskClient

from shared.domain.halts import Halt, HaltState
from shared.domain.signals import Side
from shared.models import halts
from shared.models.mapping import rows_of
from shared.models.messages import MessageStatus
from shared.models.trades import Trade
from tests.sample.day import write_day, write_prices
from tests.sample.house import add_account, add_bot, add_provider, add_user
from tests.sample.trading import Follower, open_signal

pytestmark = pytest.mark.usefixtures("database", "empty_servers")

SignIn = Callable[[str], FlaskClient]


def text_of(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def test_the_first_screen_shows_money_cover_trades_and_signals(
    sign_in: SignIn, prices: redis.Redis, now: datetime
) -> None:
    write_day(now)
    write_prices(prices, now)
    page = text_of(sign_in("demo"), "/")
    assert "10,081.7" in page  # cash and both positions at the price now
    assert "6,017.20" in page
    assert "+67.26" in page  # two trades closed today and one target
    assert "All covered" in page
    assert "66,300.00" in page  # the stop of the newest trade
    assert "Entries waiting" in page
    assert "Buy BTC/USDT at 67,450, stop 66,300, targets 68,900 / 70,200" in page
    assert "3 positions are open or about to be; your limit is 3." in page
    assert "Synthetic prices" in page
    assert "Paper money" in page


def test_talk_is_shown_only_when_all_messages_are_asked_for(sign_in: SignIn, now: datetime) -> None:
    write_day(now)
    client = sign_in("demo")
    assert "busy day ahead" not in text_of(client, "/")
    assert "busy day ahead" in text_of(client, "/?messages=all")
    assert "busy day ahead" in text_of(client, "/overview/parts/signals?messages=all")


def test_a_doubtful_reading_is_shown_as_a_question_with_what_speaks_against_it(
    sign_in: SignIn, now: datetime
) -> None:
    write_day(now)
    page = text_of(sign_in("demo"), "/")
    assert "Did you mean: Buy OP/USDT at 2.3, stop 2.18, target 2.62?" in page
    assert "Nothing was traded: It tells what may be done later, not what is done now." in page
    assert "Needs a look" in page


def test_what_a_provider_usually_means_stands_beside_its_readings(sign_in: SignIn, now: datetime) -> None:
    write_day(now)
    page = text_of(sign_in("demo"), "/")
    assert "market crypto (41 of 44) · quotes in USDT (38 of 38) · writes English (52 of 52)" in page


def test_each_part_answers_alone_with_what_the_page_shows(sign_in: SignIn, now: datetime) -> None:
    write_day(now)
    client = sign_in("demo")
    page = text_of(client, "/")
    for name in ("status", "trades", "signals", "accounts"):
        part = text_of(client, f"/overview/parts/{name}")
        assert f'id="part-{name}"' in part
        assert f'id="part-{name}"' in page


def test_a_follower_never_sees_what_belongs_to_another(
    sign_in: SignIn, prices: redis.Redis, now: datetime
) -> None:
    write_day(now)
    add_user("anna", now)
    add_account("acc-a", "anna", now, name="Annas account", cash="777")
    add_provider("prov-a", "Quiet Harbour", "channel-a", now)
    add_bot("bot-a", "anna", "prov-a", "acc-a", now)
    anna = Follower("anna", "acc-a", "bot-a", "prov-a", "channel-a")
    signal = open_signal("XRP/USDT", Side.BUY, "0.6000", "0.5800", ["0.6500"])
    message = anna.post("m-a", "XRP long 0.6000 sl 0.5800 tp 0.6500", now, signal=signal)
    trade = anna.plan(message, "XRP/USDT", Side.BUY, "100", "0.6000", "0.5800", ["0.6500"], now)
    anna.write_receipt(message, now, trade=trade)
    anna.fill(trade, now)
    pages = {
        user: "".join(
            text_of(sign_in(user), path)
            for path in (
                "/?messages=all",
                *(f"/overview/parts/{n}" for n in ("status", "trades", "signals", "accounts")),
            )
        )
        for user in ("demo", "anna")
    }
    for word in ("XRP/USDT", "Quiet Harbour", "Annas account", "777.00"):
        assert word in pages["anna"]
        assert word not in pages["demo"]
    for word in ("BTC/USDT", "Northlight", "Binance paper", "6,017.20"):
        assert word in pages["demo"]
        assert word not in pages["anna"]
    assert sign_in("anna").get(f"/overview/receipts/{message.row_id}").status_code == 200
    assert sign_in("demo").get(f"/overview/receipts/{message.row_id}").status_code == 404


def test_two_followers_of_one_message_each_see_their_own_receipt(sign_in: SignIn, now: datetime) -> None:
    add_provider("prov-1", "Northlight", "channel-1", now)
    shared = None
    for user in ("anna", "bert"):
        add_user(user, now)
        add_account(f"acc-{user}", user, now, name=f"Account of {user}")
        add_bot(f"bot-{user}", user, "prov-1", f"acc-{user}", now)
        follower = Follower(user, f"acc-{user}", f"bot-{user}", "prov-1", "channel-1")
        signal = open_signal("BTC/USDT", Side.BUY, "67000.00", "66000.00", [])
        shared = (
            follower.say_again(shared, signal)
            if shared
            else follower.post("m-1", "BTC long 67000.00 sl 66000.00", now, signal=signal)
        )
        halt = Halt(f"user:{user}", HaltState.REDUCING, f"{user} is away", now)
        follower.write_receipt(shared, now, halt=halt)
    assert shared is not None
    receipt = text_of(sign_in("anna"), f"/overview/receipts/{shared.row_id}")
    assert "anna is away" in receipt
    assert "bert" not in receipt
    assert "bert" not in text_of(sign_in("anna"), "/")


def test_chatter_of_other_members_is_not_shown(sign_in: SignIn, now: datetime) -> None:
    follower = write_day(now)
    follower.post(
        "m-x",
        "my private thoughts",
        now,
        status=MessageStatus.NOISE,
        reason="AUTHOR_NOT_LISTED",
        author="Stranger",
    )
    assert "my private thoughts" not in text_of(sign_in("demo"), "/?messages=all")


def test_a_halt_is_unmistakable_and_another_users_halt_is_not_shown(sign_in: SignIn, now: datetime) -> None:
    write_day(now)
    halts.set_halt("user:demo", HaltState.HALTED, "daily loss reached", now)
    halts.set_halt("user:somebody-else", HaltState.HALTED, "not yours", now)
    page = text_of(sign_in("demo"), "/")
    assert "Trading is halted for you" in page
    assert "daily loss reached" in page
    assert "not yours" not in page


def test_a_position_without_its_stop_says_for_how_long(sign_in: SignIn, now: datetime) -> None:
    write_day(now)
    rows_of(Trade).update_one(
        {"symbol": "BTC/USDT"}, {"$set": {"resting": 0, "naked_since": now - timedelta(seconds=31)}}
    )
    page = text_of(sign_in("demo"), "/")
    assert "1 naked" in page
    assert "BTC/USDT has no stop" in page


def test_old_prices_are_called_old(sign_in: SignIn, prices: redis.Redis, now: datetime) -> None:
    write_day(now)
    write_prices(prices, now - timedelta(minutes=2))
    page = text_of(sign_in("demo"), "/")
    assert "Prices are old" in page
    assert "Price is old: last seen" in page


def test_a_message_cannot_smuggle_markup_into_the_page(sign_in: SignIn, now: datetime) -> None:
    follower = write_day(now)
    follower.post(
        "m-evil", "<script>alert(1)</script>\u202e<img src=x onerror=alert(2)>", now, author="<b>Eve</b>"
    )
    page = sign_in("demo").get("/?messages=all").text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<b>Eve" not in page
