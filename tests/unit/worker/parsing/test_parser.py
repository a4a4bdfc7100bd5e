"""What the parser makes of whole messages: the table of samples, the context, the spans, any text at all."""

import re
import time
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.instruments import AssetClass
from shared.domain.signals import Action, NotASignal, Reading, Side, Signal, Trigger, UpdateKind
from tests.unit.worker.parsing.chatter import NOISE
from tests.unit.worker.parsing.samples import COMMANDS, OPENS, OPTIONS
from worker.parsing.parser import ACT_FROM, ParseContext, parse_message
from worker.parsing.reasons import REASONS

LONGEST = 4000
FRAGMENTS = st.sampled_from(
    ["LONG ", "SL ", "TP1 ", "BTC/USDT ", "$AAPL ", "600c ", "@ ", "1e309 ", "NaN ", "9" * 40, "0.5", "1/2 ", "8/21 ", "%", "\x00", "\u202e",
     "\u200b", "\n", "-", "close ", "entry ", "止损", "ЛОНГ ", "x10 ", "13/45 ", "99:99 ", "$", "#", "1,", ".", "<@1>", "🎯", "①", "1️⃣"]
)  # fmt: skip


def signal(reading: Reading) -> Signal:
    assert isinstance(reading, Signal), reading
    return reading


def fastest(text: str) -> float:
    """Return the processor seconds of the quickest of three readings."""
    took = []
    for _ in range(3):
        started = time.process_time()
        parse_message(text)
        took.append(time.process_time() - started)
    return min(took)


def prices(*texts: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(text) for text in texts)


@pytest.mark.parametrize(("text", "symbol", "side", "entry", "stop", "targets"), OPENS)
def test_an_open_is_read_with_its_symbol_side_and_levels(
    text: str, symbol: str, side: str, entry: list[str], stop: str | None, targets: list[str]
) -> None:
    reading = signal(parse_message(text))
    assert (reading.action, reading.symbol, reading.side) == (Action.OPEN, symbol, Side(side))
    assert (reading.entry, reading.take_profits) == (prices(*entry), prices(*targets))
    assert reading.stop_loss == (Decimal(stop) if stop else None)
    assert reading.confidence >= ACT_FROM


@pytest.mark.parametrize(("text", "underlying", "expiry", "strike", "right", "premium", "stop", "targets"), OPTIONS)
def test_an_option_is_read_with_its_contract_and_premium(
    text: str, underlying: str, expiry: str | None, strike: str, right: str, premium: list[str], stop: str | None, targets: list[str]
) -> None:
    reading = signal(parse_message(text))
    assert reading.option is not None
    contract = reading.option
    assert (contract.underlying, contract.expiry, contract.strike, contract.right) == (underlying, expiry, Decimal(strike), right)
    assert (reading.asset_class, reading.side, reading.entry) == (AssetClass.OPTION, Side.BUY, prices(*premium))
    assert (reading.stop_loss, reading.take_profits) == (Decimal(stop) if stop else None, prices(*targets))


@pytest.mark.parametrize(("text", "action", "kind", "symbol"), COMMANDS)
def test_a_command_is_read_with_its_kind_and_symbol(text: str, action: str, kind: str, symbol: str | None) -> None:
    reading = signal(parse_message(text))
    assert (reading.action, reading.update_kind, reading.symbol) == (Action(action), UpdateKind(kind), symbol)


@pytest.mark.parametrize(("text", "reason"), NOISE)
def test_chatter_moves_no_money_and_says_why(text: str, reason: str) -> None:
    reading = parse_message(text)
    assert isinstance(reading, NotASignal) or reading.confidence < ACT_FROM, reading
    told = reading.reason if isinstance(reading, NotASignal) else reading.doubt
    assert told in REASONS
    assert reason in {"*", told}


@pytest.mark.parametrize(("text", "symbol", "side", "entry", "stop", "targets"), OPENS)
def test_a_negation_before_an_open_never_opens(
    text: str, symbol: str, side: str, entry: list[str], stop: str | None, targets: list[str]
) -> None:
    line = text.replace("\n", " ")
    reading = parse_message(f"Do not take this: {line}")
    assert not (isinstance(reading, Signal) and reading.action is Action.OPEN and reading.confidence >= ACT_FROM)


@pytest.mark.parametrize(("text", "symbol", "side", "entry", "stop", "targets"), OPENS)
def test_a_disclaimer_below_an_open_changes_nothing(
    text: str, symbol: str, side: str, entry: list[str], stop: str | None, targets: list[str]
) -> None:
    assert signal(parse_message(f"{text}\nThis is not financial advice.")) == parse_message(text)


def test_an_option_that_is_sold_to_open_is_a_sell() -> None:
    for text in ("sto 1 KO 75c jan 15 2027 for 0.84, covered", "Sold to open SOFI Dec 11 2026 25 put, 0.58 credit"):
        reading = signal(parse_message(text))
        assert (reading.action, reading.side) == (Action.OPEN, Side.SELL)


def test_checked_labels_with_pips_are_levels_and_no_report() -> None:
    reading = signal(parse_message("PAIR: NZDCAD\nTYPE: BUY\nENTRY: 0.8160\nSTOP LOSS: 40 pips\n✅ TAKE PROFIT 1: 30 pips\n✅ TAKE PROFIT 2: 60 pips"))
    assert (reading.action, reading.stop_loss_pips, reading.take_profits_pips) == (Action.OPEN, Decimal(40), prices("30", "60"))


def test_leverage_size_and_trigger_are_read_beside_the_levels() -> None:
    reading = signal(parse_message("$NVDA long above 141.5, stop 139, target 146. Use 2% of portfolio, leverage 3x"))
    assert (reading.trigger, reading.order_type) == (Trigger.ABOVE, None)
    assert (reading.leverage, reading.size_pct) == (Decimal(3), Decimal(2))


def test_enter_now_is_a_market_order_and_a_price_is_a_limit() -> None:
    assert signal(parse_message("Long SOL/USDT now\nSL 138\nTP 150")).order_type == "market"
    assert signal(parse_message("Long SOL/USDT 142\nSL 138\nTP 150")).order_type == "limit"


def test_a_second_command_stands_in_also() -> None:
    reading = signal(parse_message("Close 50% of SOL, move SL to entry"))
    assert (reading.update_kind, reading.close_fraction) == (UpdateKind.CLOSE_PARTIAL, Decimal("0.5"))
    assert [other.update_kind for other in reading.also] == [UpdateKind.MOVE_STOP_TO_BREAKEVEN]


def test_a_report_keeps_its_kind_and_symbol_but_asks_for_nothing() -> None:
    reading = parse_message("TP2 reached on AVAX")
    assert reading == NotASignal("STATUS_REPORT", UpdateKind.TP_HIT, "AVAX/USDT", spans=reading.spans)


def test_an_update_without_a_symbol_takes_it_from_the_message_it_replies_to() -> None:
    assert signal(parse_message("SL to entry")).symbol is None
    by_symbol = ParseContext(parent_symbol="ETH/USDT")
    assert signal(parse_message("SL to entry", by_symbol)).symbol == "ETH/USDT"
    by_text = ParseContext(parent_text="LONG SOL/USDT\nEntry 142\nSL 138")
    assert signal(parse_message("close half", by_text)).symbol == "SOL/USDT"


def test_the_providers_habits_decide_what_the_text_leaves_open() -> None:
    text = "$ABXY long 10.5, stop 9.9"
    crypto = ParseContext(default_quote="USDC", default_asset_class=AssetClass.CRYPTO)
    assert signal(parse_message(text)).symbol == "ABXY"
    assert signal(parse_message(text, crypto)).symbol == "ABXY/USDC"


def test_spans_point_into_the_message_as_it_was_written() -> None:
    text = "**ＬＯＮＧ** \u200b$SOL\nEntry: 142.5\nSL: 138\nTP: 150"
    roles = {span.role: text[span.start : span.end] for span in signal(parse_message(text)).spans}
    assert roles == {"symbol": "$SOL", "side": "ＬＯＮＧ", "entry": "142.5", "stop": "138", "target": "150"}


@settings(max_examples=100, deadline=None)
@given(
    st.integers(min_value=110, max_value=9_000), st.integers(min_value=-5, max_value=1), st.booleans(),
    st.sampled_from(["{side} XRP/USDT\nEntry {a} - {b}\nSL {stop}\nTP {t1}, {t2}", "XRPUSDT {side} entry {a} to {b} stop {stop} targets {t1} / {t2}",
                     "#XRP/USDT {side}\nEntry: {a}-{b}\nTP1: {t1}\nTP2: {t2}\nStop loss: {stop}"]),
)  # fmt: skip
def test_scaling_every_price_scales_the_reading(base: int, power: int, long: bool, layout: str) -> None:
    sign = 1 if long else -1
    steps = {"a": 0, "b": -1, "stop": -8, "t1": 6, "t2": 12}
    plain = {name: Decimal(base) * (100 + sign * step) for name, step in steps.items()}

    def read(scale: int) -> Signal:
        levels = {name: f"{price.scaleb(scale):f}" for name, price in plain.items()}
        return signal(parse_message(layout.format(side="long" if long else "short", **levels)))

    small, large = read(power - 2), read(power)
    assert tuple(price * 100 for price in small.entry) == large.entry == tuple(sorted((plain["a"].scaleb(power), plain["b"].scaleb(power))))
    assert tuple(price * 100 for price in small.take_profits) == large.take_profits
    assert small.stop_loss is not None
    assert small.stop_loss * 100 == large.stop_loss
    assert (small.side, small.symbol) == (large.side, large.symbol)


@pytest.mark.parametrize("text", [row[0] for row in OPENS])
def test_the_case_of_words_changes_nothing(text: str) -> None:
    reading = signal(parse_message(text))
    words = re.compile(r"\b(?:entry|stop|target|long|short|buy|sell|sl|tp|leverage|price)\b", re.IGNORECASE)
    for change in (str.upper, str.lower, str.title):
        other = signal(parse_message(words.sub(lambda match, change=change: change(match[0]), text)))
        assert replace(other, spans=reading.spans) == reading


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(max_size=400), st.lists(st.one_of(FRAGMENTS, st.text(max_size=5)), max_size=60).map("".join)))
def test_any_text_gives_a_reading_with_spans_inside_it(text: str) -> None:
    reading = parse_message(text)
    assert reading == parse_message(text)
    assert all(0 <= span.start < span.end <= len(text) for span in reading.spans)
    if isinstance(reading, Signal):
        assert all(price.is_finite() and price >= 0 for price in (*reading.entry, *reading.take_profits))
        assert 0 <= reading.confidence <= 1


@pytest.mark.parametrize(
    "unit", ["1 ", "1-", "(", "a", "1", "$", "@a", "TP 1 ", "1/2/", "1,111", "BTC ", "SL at TP ", "100c ", "x1", ":a", "<@1", "止损", "1:2:", "Aug 21 ", "a'", "\n"]
)
def test_four_thousand_hostile_characters_are_read_in_linear_time(unit: str) -> None:
    text = (unit * LONGEST)[:LONGEST]
    parse_message(text)
    # Four times the text takes four times as long where the time is linear, sixteen times where it is quadratic.
    assert fastest(text) < 10 * max(fastest(text[: LONGEST // 4]), 1e-3)


def test_a_text_beyond_any_message_is_refused_unread() -> None:
    assert parse_message("long " * 5000) == NotASignal("TOO_LONG")
