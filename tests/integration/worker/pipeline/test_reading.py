"""What becomes of a doubtful reading, and how a provider's habits reach the next reading."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from shared.domain.profiles import Habit, ProviderProfile
from shared.models import market, providers, signals
from shared.models.mapping import rows_of
from shared.models.messages import MessageStatus
from shared.models.providers import Provider
from tests.integration.worker.pipeline.driver import Driver
from worker.pipeline.learn import learn_all
from worker.task import app

SAMPLE = "SAMPLE\nPair: ADA/USDT\nSide: Short\nEntry: 0.52\nStop loss: 0.56\nTarget 1: 0.48\nTarget 2: 0.45\nLeverage: 5x"
ORDER = "LONG {}\nEntry: {}\nStop loss: {}\nTarget: {}"


def profile_of(provider_id: str) -> ProviderProfile:
    terms = providers.find(provider_id)
    assert terms is not None
    assert terms.profile is not None
    return terms.profile


def test_a_doubtful_reading_is_kept_and_moves_no_money(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    message = driver.say(SAMPLE)
    assert (message.status, message.reason, message.detail) == (
        MessageStatus.QUARANTINED,
        "LOW_CONFIDENCE",
        "PLAN",
    )
    record = signals.newest_of(message.source, message.channel_id, message.message_id)
    assert record is not None
    assert record.signal is not None
    assert (record.signal.symbol, record.signal.doubt) == ("ADA/USDT", "PLAN")
    assert record.signal.spans
    assert driver.orders(message) == []
    assert driver.receipts(message) == []


def test_habits_are_learnt_from_posts_and_fill_in_the_next_reading(driver: Driver) -> None:
    provider_id = driver.add_provider()
    for place in range(5):
        driver.say(ORDER.format("AVAX/USDC", f"24.{place}", 22, 28))
    app.tasks["providers.learn"]()
    assert profile_of(provider_id).quote == Habit("USDC", 5, 5)
    message = driver.say("LONG $DOT\nEntry: 4.1\nStop loss: 3.9\nTarget: 4.6")
    record = signals.newest_of(message.source, message.channel_id, message.message_id)
    assert record is not None
    assert record.signal is not None
    assert record.signal.symbol == "DOT/USDC"


def test_prices_in_thousands_are_brought_to_the_market_once_the_scale_is_known(driver: Driver) -> None:
    provider_id = driver.add_provider()
    now = datetime.now(UTC)
    market.record_prices("binance", "live", {"BTC/USDT": Decimal("65000")}, now, synthetic=False)
    for place in range(3):
        driver.say(ORDER.format("BTC/USDT", f"64.{place}", 62, 70))
    learn_all(now + timedelta(seconds=60))
    assert profile_of(provider_id).scales == {"BTC/USDT": 3}
    message = driver.say(ORDER.format("BTC/USDT", "64.5", "62.1", 71))
    record = signals.newest_of(message.source, message.channel_id, message.message_id)
    assert record is not None
    assert record.signal is not None
    assert (record.signal.entry, record.signal.stop_loss) == ((Decimal(64500),), Decimal(62100))


def test_a_provider_without_new_messages_is_not_learnt_again(driver: Driver) -> None:
    driver.add_provider()
    driver.say("good morning traders")
    assert learn_all(datetime.now(UTC)) == "1 profiles changed"
    assert learn_all(datetime.now(UTC)) == "0 profiles changed"
    driver.say("good evening traders")
    assert learn_all(datetime.now(UTC)) == "1 profiles changed"


def test_what_was_set_by_hand_is_not_learnt_over(driver: Driver) -> None:
    provider_id = driver.add_provider()
    set_by_hand = ProviderProfile(quote=Habit("USDC", by_hand=True))
    providers.store_profile(provider_id, set_by_hand)
    for place in range(5):
        driver.say(ORDER.format("AVAX/USDT", f"24.{place}", 22, 28))
    learn_all(datetime.now(UTC))
    assert profile_of(provider_id).quote == Habit("USDC", by_hand=True)
    assert profile_of(provider_id).asset_class == Habit("crypto", 5, 5)


def test_a_provider_stored_before_there_were_profiles_is_read_as_having_none(driver: Driver) -> None:
    provider_id = driver.add_provider()
    assert "profile" not in (rows_of(Provider).find_one({"_id": provider_id}) or {})
    terms = providers.find(provider_id)
    assert terms is not None
    assert terms.profile is None
