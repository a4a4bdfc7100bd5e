"""What tests ask of the emulated Alpaca: accounts, prices, hours, partial fills, faults, and what it knows."""

from typing import Any

from aiohttp import web

from tests.emulators.alpaca.book import AlpacaBook
from tests.emulators.alpaca.log import AlpacaLog
from tests.emulators.binance.faults import FaultBook
from tests.emulators.venue.log import Line, timestamp

COMMANDS = frozenset({"account", "price", "clock", "partial"})


class ControlSide:
    """Answers below `/_control/`; what changes the book is logged and replayed like everything else."""

    def __init__(self, book: AlpacaBook, log: AlpacaLog, faults: FaultBook) -> None:
        self._book, self._log, self._faults = book, log, faults

    def command(self, what: str, **body: Any) -> None:
        """Do one thing to the book and write it down."""
        command = {**body, "do": what, "at": timestamp()}
        self._book.apply(command)
        line: Line = {"at": command["at"], "key": "", "method": "CONTROL", "path": what, "body": body}
        line |= {"status": 200, "outcome": "OK", "command": command, **self._book.journal.take()}
        self._log.write(line)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request of a test."""
        what = request.match_info["what"]
        if request.method == "GET":
            return web.json_response(self._show(what))
        if request.method == "DELETE":
            self._faults.clear()
            return web.json_response({})
        body = await request.json()
        if what == "faults":
            return web.json_response({"id": self._faults.add(body)})
        if what not in COMMANDS:
            return web.json_response({}, status=404)
        self.command(what, **body)
        return web.json_response({})

    def _show(self, what: str) -> Any:
        match what:
            case "summary":
                return self._log.summary()
            case "lines":
                return self._log.lines()
            case "faults":
                return self._faults.describe()
            case "orders":
                return [{"key": order.key, **order.public()} for order in self._book.orders]
            case "accounts":
                return {key: self._account(key) for key in self._book.secrets}
        raise web.HTTPNotFound

    def _account(self, key: str) -> dict[str, Any]:
        held = {symbol: str(quantity) for symbol, quantity in self._book.positions[key].items()}
        return {"cash": str(self._book.cash[key]), "positions": held}
