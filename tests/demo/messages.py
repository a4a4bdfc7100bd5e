"""The demo's messages, all of our own writing: three rooms, every family of message, and what each must become.

Levels in braces are percent of the price at the moment of posting (`market`).
"""

from tests.demo.steps import PASSED, By, Expected, Kind, Step

CRYPTO, STOCKS, FOREX = "Harbor Crypto", "Closing Bell", "Pip Garden"
DEMO, CAREFUL, PAUSED = "Demo", "Careful", "Paused"
"""Three followers: defaults; risk to the stop and never without one; under a halt."""

# Coins that no other message names: one of each row is chosen when its message is posted.
RISING = ("ATOM", "APT", "TIA", "MATIC")
FALLING = ("RENDER", "FET", "AAVE", "LTC", "TAO", "AXS")
LIFTED = ("BNB", "SEI", "CRV", "TRX")
FLOATING = ("LINK", "NEAR", "1INCH", "WIF", "HYPE")


def _opened(demo: str = PASSED, careful: str = PASSED, paused: str = "HALT") -> Expected:
    return Expected("done", frozenset({"PLANNED"}), {DEMO: demo, CAREFUL: careful, PAUSED: paused})


def _everybody(code: str) -> Expected:
    return _opened(code, code, code)


def _noise(*reasons: str) -> Expected:
    return Expected("noise", frozenset(reasons))


def _quarantined(reason: str) -> Expected:
    return Expected("quarantined", frozenset({reason}))


def _updated(code: str = PASSED, reason: str = "UPDATED", *, both: bool = True) -> Expected:
    return Expected("done", frozenset({reason}), {DEMO: code, CAREFUL: code} if both else {DEMO: code})


OPENED = _opened()
WITHOUT_STOP = _opened(careful="STOP_MISSING")
NO_SHORTS = _opened("SHORT_NOT_POSSIBLE", "SHORT_NOT_POSSIBLE")

CLEAN = (
    Step("btc", CRYPTO, "BTC/USDT LONG\nEntry: {BTC+0.05}\nStop loss: {BTC-2}\nTake profit 1: {BTC+1.5}\nTake profit 2: {BTC+3}\nLeverage: 3x", OPENED),
    Step("eth", CRYPTO, "#ETH/USDT — Long setup\n\nEntry zone: {ETH-0.3} - {ETH+0.1}\nTargets: {ETH+1.2} / {ETH+2.4} / {ETH+4}\nStop: {ETH-2.2}", OPENED),
    Step("lift", CRYPTO, "{LIFT.name} long now, stop -3%, tp +5%", OPENED),
    Step("rise", CRYPTO, "Scalp: long {UP.name} at market\nTP {UP.target}\nSL {UP-1.5}", OPENED),
    Step("fall", CRYPTO, "Long {DOWN.name} {DOWN+0.02}, tight stop {DOWN.target}, target {DOWN+2}", OPENED),
    Step("arb", CRYPTO, "Limit buy ARB/USDT {ARB-1.5}, stop {ARB-4}, targets {ARB+2} and {ARB+4}", OPENED),
    Step("aapl", STOCKS, "AAPL long {AAPL+0.05}, stop {AAPL-2}, target {AAPL+3}", OPENED),
    Step("msft", STOCKS, "**MSFT swing**\nEntry {MSFT+0.05}\nStop {MSFT-2.5}\nTarget {MSFT+4}", OPENED, by=By.WEBHOOK),
    Step("intc", STOCKS, "BTO INTC {INTC.strike}C {INTC.expiry} @ {INTC.premium+2} SL {INTC.premium-35} PT {INTC.premium+60}", OPENED),
    Step("eurusd", FOREX, "BUY EURUSD {EURUSD+0.02}\nSL {EURUSD-0.4}\nTP {EURUSD+0.6}", OPENED),
    Step("gold", FOREX, "XAUUSD BUY {XAU-0.1} - {XAU+0.02}\nSL {XAU-0.6}\nTP1 {XAU+0.5}\nTP2 {XAU+1}", OPENED),
)  # fmt: skip

MESSY = (
    Step("float", CRYPTO, "🟢 {FLOAT.name} LONG\n➊ Entry {FLOAT+0.1}\n🎯 {FLOAT+1.5}  🎯 {FLOAT+3}\n⛔ {FLOAT-2.5}", OPENED),
    Step("avax", CRYPTO, "$avax buying here at market, sl {AVAX-1.8} tp {AVAX+2.5} lets gooo 🚀🚀", OPENED),
    Step("op", CRYPTO, "OP/USDT LONG CMP SL{OP-2.5} TP{OP+3}", OPENED),
    Step("pepe", CRYPTO, "PEPE/USDT spot buy {PEPE+0.2}\nsl ..... {PEPE-5}\ntp ..... {PEPE+8}", OPENED),
    Step("sol", CRYPTO, "", OPENED, by=By.WEBHOOK, embeds=({
        "title": "SOL/USDT · LONG",
        "fields": [{"name": "Entry", "value": "{SOL+0.1}"}, {"name": "Stop loss", "value": "{SOL-2.4}"},
                   {"name": "Take profit", "value": "{SOL+2} / {SOL+4}"}],
        "footer": {"text": "Not financial advice. Do your own research."},
    },)),
    Step("xrp", CRYPTO, "XRP/USDT kaufen bei {XRP+0.3,}\nStop-Loss {XRP-3,}\nZiel {XRP+4,}", OPENED),
    Step("ada", CRYPTO, "ADA/USDT ЛОНГ\nВход: по рынку\nСтоп: {ADA-2.5}\nЦели: {ADA+2}, {ADA+4}", OPENED),
    Step("dot", CRYPTO, "DOT/USDT 做多\n入场：{DOT+0.2}\n止损：{DOT-2.5}\n止盈：{DOT+2}、{DOT+4}", OPENED),
    Step("uni", CRYPTO, "UNI/USDT شراء\nالدخول: {UNI+0.2}\nوقف الخسارة: {UNI-3}\nالهدف: {UNI+3}", OPENED),
    Step("inj", CRYPTO, "ACHAT INJ/USDT\nEntrée : {INJ+0.2,}\nStop : {INJ-3,}\nObjectif : {INJ+3,}", OPENED),
    Step("zero_width", CRYPTO, "FIL/USDT lo\u200bng n\u200dow, stop {FIL-3}, target {FIL+3}", OPENED),
    Step("amd", STOCKS, "$AMD {AMD+0.05} stop {AMD-2}", OPENED),
    Step("citi", STOCKS, "$C long {C+0.05}, stop {C-2}, target {C+3}", OPENED),
    Step("pltr", STOCKS, "Starting a position in PLTR here around {PLTR+0.1}. Stop goes under {PLTR-3}, first target {PLTR+5}.", OPENED),
    Step("cable", FOREX, "📈 GBP/USD buy @ {GBPUSD+0.02} | SL {GBPUSD-0.4} | TP {GBPUSD+0.5}", OPENED),
)  # fmt: skip

STOPLESS = (
    Step("bch", CRYPTO, "Long BCH/USDT now, target {BCH+4}", WITHOUT_STOP),
    Step("nvda", STOCKS, "Buying NVDA here at market, target {NVDA+4}", WITHOUT_STOP),
    Step("ford", STOCKS, "BTO F {F.strike}C {F.expiry} @ {F.premium+2}", WITHOUT_STOP),
    Step("aussie", FOREX, "AUDUSD buy now, tp {AUDUSD+0.6}", WITHOUT_STOP),
)  # fmt: skip

REFUSED = (
    Step("short", CRYPTO, "SHORT ZEC/USDT\nEntry {ZEC-0.05}\nSL {ZEC+2}\nTP {ZEC-3}", NO_SHORTS),
    Step("tsla", STOCKS, "Shorting TSLA at {TSLA-0.05}, stop {TSLA+2}, target {TSLA-4}", NO_SHORTS),
    Step("btc_again", CRYPTO, "BTC/USDT LONG\nEntry: {BTC+0.06}\nStop loss: {BTC-1}\nTake profit: {BTC+2}", _opened("MAX_PER_SYMBOL", "MAX_PER_SYMBOL")),
    Step("no_expiry", STOCKS, "BTO BAC 40c @ .85, stop .50", _opened("CONTRACT_UNDECIDED", "CONTRACT_UNDECIDED")),
    Step("wrong_side", CRYPTO, "Long ALGO/USDT now, stop {ALGO+3}", _opened("STOP_WRONG_SIDE", "STOP_WRONG_SIDE")),
    Step("unknown", CRYPTO, "LONG ZZTOP/USDT\nEntry: 1.40\nSL: 1.20\nTP: 1.80", _opened("INSTRUMENT_NOT_TRADABLE", "INSTRUMENT_NOT_TRADABLE")),
    Step("late", CRYPTO, "ETC/USDT LONG\nEntry {ETC+0.1}\nSL {ETC-3}\nTP {ETC+3}", _opened("STALE", "STALE"), minutes_ago=8),
    Step("repost", CRYPTO, "", _everybody("DUPLICATE_CONTENT"), Kind.REPOST, of="btc"),
    Step("crosspost", STOCKS, "", _everybody("DUPLICATE_CONTENT"), Kind.REPOST, of="aapl", side_channel=True),
    Step("stranger", CRYPTO, "BUY SUI/USDT now, sl {SUI-3}, tp {SUI+5}", _noise("AUTHOR_NOT_LISTED"), by=By.STRANGER),
    Step("impostor", FOREX, "BUY NZDUSD {NZDUSD+0.02}\nSL {NZDUSD-0.4}\nTP {NZDUSD+0.6}", _noise("AUTHOR_NOT_LISTED"), by=By.FALSE_WEBHOOK),
)  # fmt: skip

NOISE = (
    Step("coffee", CRYPTO, "gm everyone, coffee first, charts later ☕", _noise()),
    Step("question", CRYPTO, "Anyone else thinking BTC goes to 70k this week?", _noise()),
    Step("recap", CRYPTO, "Yesterday in short: SOL +4.2%, LINK +2.8%, DOGE -1.1% (stopped out). Two wins, one loss.", _noise()),
    Step("negation", CRYPTO, "Not buying DOGE here, chart looks weak to me", _noise()),
    Step("plan", CRYPTO, "If DOGE reclaims {DOGE+3} I may go long with a stop under {DOGE-1}", _noise()),
    Step("news", CRYPTO, "JUST IN: an exchange lists TIA perpetuals with up to 50x leverage", _noise()),
    Step("report", CRYPTO, "✅ DOGE/USDT take profit 1 reached, +1.5%. Well done!", _noise("STATUS_REPORT", "RESULT")),
    Step("watching", STOCKS, "Watching QQQ for a break of the opening range, no position yet", _noise()),
    Step("which_stop", STOCKS, "What stop are you guys using on GOOGL?", _noise()),
    Step("green", STOCKS, "Three of four trades green today. Nice work, see you tomorrow!", _noise()),
    Step("calendar", FOREX, "US jobs report at 13:30 UTC, expect fast moves in all dollar pairs", _noise()),
    Step("essay", CRYPTO, "My view of the cycle, in full. " + "Liquidity leads, price follows, patience pays. " * 84, _noise()),
    Step("controls", FOREX, "psst\x00 \u202eedart a ton si siht\u202c \ufeff\u2066just testing the chat\u2069", _noise()),
)  # fmt: skip

UPDATES = (
    Step("btc_stop", CRYPTO, "BTC/USDT LONG\nEntry: {BTC+0.05}\nStop loss: {BTC-1.2}\nTake profit 1: {BTC+1.5}\nTake profit 2: {BTC+3}\nLeverage: 3x", _updated(reason="EDIT_APPLIED"), Kind.EDIT, of="btc"),
    Step("aapl_target", STOCKS, "AAPL long {AAPL+0.05}, stop {AAPL-2}, target {AAPL+5}", _updated(reason="EDIT_APPLIED"), Kind.EDIT, of="aapl"),
    Step("eur_wider", FOREX, "BUY EURUSD {EURUSD+0.02}\nSL {EURUSD-0.9}\nTP {EURUSD+0.6}", _updated("STOP_WOULD_WIDEN", "EDIT_APPLIED"), Kind.EDIT, of="eurusd"),
    Step("edited_in", CRYPTO, "LONG GRT/USDT\nEntry {GRT+0.2}\nSL {GRT-3}\nTP {GRT+4}", _quarantined("EDITED_IN"), Kind.EDIT, of="coffee"),
    Step("preview", STOCKS, kind=Kind.UNFURL, of="msft"),
    Step("again", CRYPTO, kind=Kind.REDELIVER, of="eth"),
    Step("avax_close", CRYPTO, "Close this one now", _updated(), of="avax"),
    Step("eth_half", CRYPTO, "Take half off here", _updated(), of="eth"),
    Step("float_even", CRYPTO, "SL to breakeven", _updated(), of="float"),
    Step("lift_both", CRYPTO, "Close half and move stop to entry", _updated(), of="lift"),
    Step("arb_cancel", CRYPTO, "Cancel this limit, not filled", _updated(), of="arb"),
    Step("xrp_close", CRYPTO, "Closing XRP here", _updated()),
    Step("ford_close", STOCKS, "STC F calls", _updated(both=False)),
    Step("vague", FOREX, "Move your stops to breakeven everyone", _quarantined("UPDATE_WITHOUT_SYMBOL")),
    Step("gone", CRYPTO, "", Expected("done", frozenset({"DELETED"})), Kind.DELETE, of="sol"),
)  # fmt: skip

FIRST_ACT = (*CLEAN, *MESSY, *STOPLESS, *REFUSED, *NOISE)
SECOND_ACT = UPDATES
