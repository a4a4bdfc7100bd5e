"""Why a pair or a replacement was refused: which leg, which part, and what is left in doubt."""

from typing import Any

import pytest

from shared.brokers.ccxt.binance_broker import BinanceBroker
from shared.domain.errors import AmbiguousError, DuplicateOrderId, PermanentError, RetryableError, TradeError
from shared.domain.orders import OrderLookup
from shared.domain.signals import Side
from tests.integration.brokers.recorded import OTHER, a_pair, a_stop
from tests.integration.brokers.recorder import Recorder, canceled, placed_pair

PAIR, REPLACE = "POST /api/v3/orderList/oco", "POST /api/v3/order/cancelReplace"
LACK = "Account has insufficient balance for requested action."


@pytest.mark.parametrize(
    ("side", "last", "code"),
    [
        (Side.SELL, "54000", "STOP_ALREADY_PASSED"),
        (Side.SELL, "71000", "TARGET_ALREADY_PASSED"),
        (Side.SELL, "60000", "PRICES_OUT_OF_ORDER"),
        (Side.BUY, "71000", "STOP_ALREADY_PASSED"),
        (Side.BUY, "54000", "TARGET_ALREADY_PASSED"),
    ],
)
async def test_a_pair_that_the_market_has_passed_says_which_of_its_legs(
    venue: Recorder, broker: BinanceBroker, side: Side, last: str, code: str
) -> None:
    words = "The relationship of the prices for the orders is not correct."
    venue.answer(PAIR, {"code": -2010, "msg": words}, 400)
    venue.answer("GET /api/v3/ticker/price", {"symbol": "BTCUSDT", "price": last})
    low, high = "55000", "70000"
    pair = a_pair("BTC/USDT", side, *((low, high) if side is Side.SELL else (high, low)))
    with pytest.raises(PermanentError) as refused:
        await broker.submit_pair(pair)
    assert refused.value.code == code
    assert refused.value.detail.startswith("Binance refused: the market")
    venue.answer("GET /api/v3/ticker/price", {"code": -1000, "msg": "..."}, 500)
    with pytest.raises(PermanentError, match="PRICES_OUT_OF_ORDER"):
        await broker.submit_pair(pair)


async def test_half_a_pair_in_an_answer_leaves_the_pair_in_doubt(
    venue: Recorder, broker: BinanceBroker
) -> None:
    pair = a_pair("BTC/USDT", Side.SELL, "55000", "70000")
    venue.answer(
        PAIR, lambda sent: {**placed_pair(sent), "orderReports": placed_pair(sent)["orderReports"][:1]}
    )
    with pytest.raises(AmbiguousError, match="UNREADABLE_ANSWER"):
        await broker.submit_pair(pair)


def failed_replacement(cancel: Any, new: Any) -> dict[str, Any]:
    def result(part: Any) -> str:
        if part is None:
            return "NOT_ATTEMPTED"
        return "FAILURE" if "code" in part else "SUCCESS"

    return {
        "code": -2022 if "code" in cancel else -2021,
        "msg": "Order cancel-replace failed.",
        "data": {
            "cancelResult": result(cancel),
            "newOrderResult": result(new),
            "cancelResponse": cancel,
            "newOrderResponse": new,
        },
    }


GONE = {"code": -2011, "msg": "Unknown order sent."}
UNCLEAR = {"code": -1007, "msg": "Timeout waiting for response from backend server."}


@pytest.mark.parametrize(
    ("status", "said", "family", "code"),
    [
        (400, failed_replacement(GONE, None), PermanentError, "REPLACED_ORDER_GONE"),
        (400, failed_replacement(UNCLEAR, None), AmbiguousError, "UNTYPED_REFUSAL"),
        (
            409,
            failed_replacement(canceled(OTHER), {"code": -2010, "msg": LACK}),
            PermanentError,
            "SHORT_NOT_POSSIBLE",
        ),
        (
            409,
            failed_replacement(canceled(OTHER), {"code": -2010, "msg": "Order would trigger immediately."}),
            PermanentError,
            "STOP_ALREADY_PASSED",
        ),
        (
            409,
            failed_replacement(canceled(OTHER), {"code": -2010, "msg": "Duplicate order sent."}),
            DuplicateOrderId,
            "DUPLICATE_ORDER_ID",
        ),
        (409, failed_replacement(canceled(OTHER), UNCLEAR), AmbiguousError, "UNTYPED_REFUSAL"),
        (409, {"code": -2021, "msg": "without its parts"}, AmbiguousError, "UNREADABLE_ANSWER"),
        (400, {"code": -1013, "msg": "Filter failure: LOT_SIZE"}, PermanentError, "INVALID_LOT"),
        (429, {"code": -1015, "msg": "Too many new orders."}, RetryableError, "RATE_LIMITED"),
    ],
)
async def test_a_failed_replacement_says_which_part_failed(
    venue: Recorder, broker: BinanceBroker, status: int, said: Any, family: type[TradeError], code: str
) -> None:
    venue.answer(REPLACE, said, status)
    stop = a_stop("BTC/USDT", Side.SELL, "56000")
    with pytest.raises(TradeError) as failed:
        await broker.replace_order(stop, OrderLookup(OTHER, "BTC/USDT"))
    assert (type(failed.value), failed.value.code) == (family, code)
