"""The side that tests talk to: `/_control/...`, JSON in and out, never limited and never at fault."""

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson

from tests.emulators.binance.accounts import Account
from tests.emulators.binance.amounts import write_amount
from tests.emulators.binance.http import Answer, Request
from tests.emulators.binance.journal import Journal
from tests.emulators.binance.orders import Order
from tests.emulators.binance.reports import looked_up
from tests.emulators.binance.summary import summarize

if TYPE_CHECKING:
    from tests.emulators.binance.server import Binance


class ControlSide:
    """Changes of state are logged as `CONTROL` lines and played again at a restart; faults are not."""

    def __init__(self, venue: "Binance") -> None:
        self._venue = venue

    def answer(self, request: Request) -> Answer:
        """Do or show one thing."""
        what = request.path.removeprefix("/_control/")
        query = dict(parse_qsl(request.query))
        try:
            wish = orjson.loads(request.body) if request.body else {}
            said: Any = None
            if request.method == "GET":
                said = self._show(what, query)
            elif what == "faults":
                said = self._change_faults(request.method, query, wish)
            elif what == "bans":
                self._venue.limits.lift()
            else:
                self.change(what, wish)
        except (KeyError, ValueError, TypeError) as error:
            return Answer(400, orjson.dumps({"error": repr(error)}))
        return Answer(200, orjson.dumps(said))

    def change(self, what: str, wish: dict[str, Any]) -> None:
        """Change the venue's state, and log it with everything it set off."""
        venue = self._venue
        if what not in venue.controls:
            raise ValueError(f"no such control: {what}")
        at = venue.now()
        venue.book.journal = Journal()
        venue.controls[what](venue.engine, wish, at // 1000)
        line = {
            "at": venue.clock.write(at),
            "key": "",
            "source": "",
            "method": "CONTROL",
            "path": what,
            "params": wish,
            "status": 200,
            "outcome": "OK",
            "engine": True,
        }
        venue.settle(line, at // 1_000_000)
        venue.log.write(line)

    def _change_faults(self, method: str, query: dict[str, str], wish: dict[str, Any]) -> Any:
        faults = self._venue.faults
        if method == "DELETE":
            faults.clear(int(query["id"]) if "id" in query else None)
            return None
        return {"id": faults.add(wish)}

    def _show(self, what: str, query: dict[str, str]) -> Any:
        venue = self._venue
        if what == "summary":
            return summarize(venue.log.lines())
        if what == "lines":
            return venue.log.lines()
        if what == "faults":
            return venue.faults.describe()
        if what == "usage":
            return {"cpu_seconds": time.process_time(), "requests": venue.requests}
        key = query.get("key")
        accounts = [account for account in venue.book.accounts.values() if key in (None, account.key)]
        if what == "orders":
            return [
                {"key": account.key, **self.looked_up(order)}
                for account in accounts
                for ledger in account.ledgers.values()
                for order in ledger.orders
            ]
        if what == "accounts":
            return {
                account.key: {
                    asset: {
                        "free": write_amount(free),
                        "locked": write_amount(account.locked.get(asset, 0)),
                    }
                    for asset, free in account.free.items()
                }
                for account in accounts
            }
        return self.show_more(what, accounts)

    @staticmethod
    def looked_up(order: Order) -> dict[str, Any]:
        """Show an order as the market's API does."""
        return looked_up(order)

    def show_more(self, what: str, accounts: list[Account]) -> Any:
        """Show what only another market of the venue has."""
        raise ValueError(f"nothing to show: {what}")
