"""Futures cards f01-f06: the terms of a position are set, read back, and refused with what to do about it."""

from decimal import Decimal

import pytest

from shared.brokers.margin import MarginBroker
from shared.domain.errors import PermanentError, RetryableError
from shared.domain.signals import Side
from tests.integration.brokers.futures_stage import FuturesStage
from tests.integration.brokers.stages import a_limit, an_order

WRITES = {"/fapi/v1/leverage", "/fapi/v1/marginType", "/fapi/v1/positionSide/dual"}


def written(stage: FuturesStage) -> list[str]:
    """What was asked to be changed of the account's terms, in order."""
    return [
        f"{line['path'].rpartition('/')[2]} {line['outcome']}"
        for line in stage.control.lines()
        if line["key"] == stage.key and line["method"] == "POST" and line["path"] in WRITES
    ]


async def refusal(stage: FuturesStage, leverage: int = 3) -> PermanentError:
    with pytest.raises(PermanentError) as refused:
        await stage.open_broker().set_margin_terms(stage.symbol, leverage)
    return refused.value


async def test_f01_leverage_and_isolated_margin_are_set_and_read_back_once(
    futures_stage: FuturesStage,
) -> None:
    broker = futures_stage.open_broker()
    assert isinstance(broker, MarginBroker)
    before = await broker.fetch_margin_terms(futures_stage.symbol)
    assert (before.leverage, before.is_isolated, before.is_hedged) == (1, False, False)
    assert (before.max_leverage, before.maintenance_rate) == (50, Decimal("0.01"))
    terms = await broker.set_margin_terms(futures_stage.symbol, 3)
    assert (terms.symbol, terms.leverage, terms.is_isolated) == (futures_stage.symbol, 3, True)
    assert await futures_stage.open_broker().fetch_margin_terms(futures_stage.symbol) == terms
    # What is so already is not written again.
    assert await broker.set_margin_terms(futures_stage.symbol, 3) == terms
    assert written(futures_stage) == ["marginType OK", "leverage OK"]
    assert (await broker.set_margin_terms(futures_stage.symbol, 5)).leverage == 5
    assert written(futures_stage) == ["marginType OK", "leverage OK", "leverage OK"]


async def test_f02_hedge_mode_is_refused_with_instructions_and_nothing_is_changed(
    futures_stage: FuturesStage,
) -> None:
    futures_stage.control.change_account(futures_stage.key, is_hedged=True)
    assert (await futures_stage.open_broker().fetch_margin_terms(futures_stage.symbol)).is_hedged
    error = await refusal(futures_stage)
    assert error.code == "HEDGE_MODE"
    assert "One-way Mode" in error.detail
    assert written(futures_stage) == []
    # An order that was sent regardless is refused by the venue, under the same name.
    with pytest.raises(PermanentError, match="HEDGE_MODE"):
        await futures_stage.open_broker().submit_order(an_order(futures_stage))


async def test_f03_leverage_above_the_venues_is_refused_before_anything_is_changed(
    futures_stage: FuturesStage,
) -> None:
    error = await refusal(futures_stage, 51)
    assert error.code == "LEVERAGE_TOO_HIGH"
    assert "50x" in error.detail
    assert written(futures_stage) == []
    assert (await futures_stage.open_broker().set_margin_terms(futures_stage.symbol, 50)).leverage == 50


async def test_f04_an_account_whose_assets_stand_for_all_positions_is_refused(
    futures_stage: FuturesStage,
) -> None:
    futures_stage.control.change_account(futures_stage.key, shares_assets=True)
    error = await refusal(futures_stage)
    assert error.code == "MULTI_ASSETS_MODE"
    assert "Single-Asset Mode" in error.detail
    assert written(futures_stage) == []


@pytest.mark.parametrize("resting", [True, False])
async def test_f05_what_is_open_keeps_the_margin_as_it_is(futures_stage: FuturesStage, resting: bool) -> None:
    broker = futures_stage.open_broker()
    await broker.submit_order(a_limit(futures_stage, Side.BUY, "90") if resting else an_order(futures_stage))
    assert (await refusal(futures_stage)).code == "POSITION_OPEN"
    terms = await broker.fetch_margin_terms(futures_stage.symbol)
    assert (terms.leverage, terms.is_isolated) == (1, False)


async def test_f06_terms_that_cannot_be_read_are_not_written(futures_stage: FuturesStage) -> None:
    futures_stage.control.add_fault("lookup_down", path="/fapi/v1/accountConfig", key=futures_stage.key)
    with pytest.raises(RetryableError):
        await futures_stage.open_broker().set_margin_terms(futures_stage.symbol, 3)
    assert written(futures_stage) == []
