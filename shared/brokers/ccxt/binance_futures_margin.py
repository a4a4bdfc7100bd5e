"""What an account of futures adds: the terms of its positions, the positions, and the funding they pay and receive."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from shared.brokers.ccxt.binance_futures_refusals import HEDGED, MARGIN_TYPE_AS_IT_IS, MULTI_ASSETS, WORDS
from shared.brokers.ccxt.binance_history import ask
from shared.brokers.ccxt.binance_listings import venue_symbol
from shared.brokers.ccxt.binance_place import Session
from shared.brokers.ccxt.binance_reports import milliseconds, moment
from shared.brokers.ccxt.binance_words import code_of, refused
from shared.brokers.codes import Refusal
from shared.brokers.margin import FundingReport, MarginTerms, PositionReport
from shared.domain.money import ZERO
from shared.domain.signals import Side

_ISOLATED = "ISOLATED"
_PAGE = 1000
_FUNDING = "FUNDING_FEE"


class MarginSide:
    """The part of a broker that `shared.brokers.margin.MarginBroker` asks for."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def fetch_margin_terms(self, symbol: str) -> MarginTerms:
        """Read the terms in force for a contract: its configuration, the account's, and its brackets."""
        terms, _ = await self._read_terms(symbol)
        return terms

    async def set_margin_terms(self, symbol: str, leverage: int) -> MarginTerms:
        """Isolate a contract's margin and set its leverage, as far as they are not so already; read back."""
        terms, shares_assets = await self._read_terms(symbol)
        if terms.is_hedged:
            raise refused(*HEDGED)
        if shares_assets:
            raise refused(*MULTI_ASSETS)
        if leverage > terms.max_leverage:
            raise refused(Refusal.LEVERAGE_TOO_HIGH, f"it allows at most {terms.max_leverage}x for {symbol}")
        if terms.is_isolated and terms.leverage == leverage:
            return terms
        name = venue_symbol(symbol)
        if not terms.is_isolated:
            await self._change("marginType", {"symbol": name, "marginType": _ISOLATED})
        if terms.leverage != leverage:
            await self._change("leverage", {"symbol": name, "leverage": str(leverage)})
        return await self.fetch_margin_terms(symbol)

    async def fetch_positions(self, symbol: str | None = None) -> Sequence[PositionReport]:
        """List open positions, of one contract where given; a contract that is not traded in USDT is named as there."""
        params = {} if symbol is None else {"symbol": venue_symbol(symbol)}
        held = await ask(self._session, "positionRisk", params, _held, api="fapiPrivateV3")
        if not held:
            return ()
        terms = await ask(self._session, "symbolConfig", params, _by_symbol)
        listed = [(row, terms[row["symbol"]]) for row in held if row["symbol"] in terms]
        return tuple(_read_position(row, term, symbol) for row, term in listed)

    async def fetch_funding(self, symbol: str, since: datetime) -> Sequence[FundingReport]:
        """List funding payments of a contract since a moment, each once, in order of time."""
        found: dict[str, FundingReport] = {}
        begins = milliseconds(since)
        while True:
            params = {
                "symbol": venue_symbol(symbol),
                "incomeType": _FUNDING,
                "startTime": str(begins),
                "limit": str(_PAGE),
            }
            page = await ask(self._session, "income", params, lambda rows: _read_funding(rows, symbol))
            fresh = {report.funding_id: report for report in page if report.funding_id not in found}
            found |= fresh
            # The next page begins with the last moment of this one: payments of one moment may be on both.
            if len(page) < _PAGE or not fresh:
                return sorted(found.values(), key=lambda report: report.at)
            begins = max(milliseconds(report.at) for report in page)

    async def _read_terms(self, symbol: str) -> tuple[MarginTerms, bool]:
        """Read the terms, and whether all assets of the account stand for each position."""
        params = {"symbol": venue_symbol(symbol)}
        config, account, brackets = await asyncio.gather(
            ask(self._session, "symbolConfig", params, lambda rows: _by_symbol(rows)[params["symbol"]]),
            ask(
                self._session,
                "accountConfig",
                {},
                lambda said: (said["dualSidePosition"], said["multiAssetsMargin"]),
            ),
            ask(self._session, "leverageBracket", params, _first_bracket),
        )
        is_hedged, shares_assets = account
        terms = MarginTerms(
            symbol=symbol,
            leverage=int(config["leverage"]),
            is_isolated=_is_isolated(config),
            is_hedged=is_hedged,
            max_leverage=brackets[0],
            maintenance_rate=brackets[1],
        )
        return terms, shares_assets

    async def _change(self, path: str, params: dict[str, str]) -> None:
        answer = await self._session.send("POST", path, params)
        # Somebody else has done it meanwhile.
        if not answer.is_ok and code_of(answer) != MARGIN_TYPE_AS_IT_IS:
            raise WORDS.failure(answer, is_write=True)


def _by_symbol(rows: Any) -> Mapping[str, Any]:
    return {row["symbol"]: row for row in rows}


def _is_isolated(config: Any) -> bool:
    return bool(config["marginType"] == _ISOLATED)


def _held(rows: Any) -> list[Any]:
    return [row for row in rows if Decimal(row["positionAmt"])]


def _first_bracket(said: Any) -> tuple[int, Decimal]:
    """Read the most leverage and the share to be maintained, those of the smallest positions."""
    rows = said if isinstance(said, list) else [said]
    first = min(rows[0]["brackets"], key=lambda row: Decimal(str(row["notionalFloor"])))
    return int(first["initialLeverage"]), Decimal(str(first["maintMarginRatio"]))


def _read_position(row: Any, config: Any, symbol: str | None) -> PositionReport:
    quantity, liquidation = Decimal(row["positionAmt"]), Decimal(row["liquidationPrice"])
    return PositionReport(
        symbol=symbol or _our_symbol(row),
        side=Side.BUY if quantity > ZERO else Side.SELL,
        quantity=abs(quantity),
        entry_price=Decimal(row["entryPrice"]),
        liquidation_price=liquidation if liquidation > ZERO else None,
        leverage=int(config["leverage"]),
        is_isolated=_is_isolated(config),
        at=moment(row["updateTime"]),
    )


def _our_symbol(row: Any) -> str:
    money = row["marginAsset"]
    base = row["symbol"].removesuffix(money)
    return f"{base}/{money}"


def _read_funding(rows: Any, symbol: str) -> list[FundingReport]:
    return [
        FundingReport(
            funding_id=str(row["tranId"]),
            symbol=symbol,
            amount=Decimal(row["income"]),
            asset=row["asset"],
            at=moment(row["time"]),
        )
        for row in rows
    ]
