"""A spot exchange over Binance's core: what is left to a venue is how it is asked and how it answers.

A venue is a class with its markets and settings (`make_engine`), `routes`, `public`, `queries`, `commands`, `words` and
`authenticate`. Queries and commands are functions as Binance's are; what they return is what stands in an answer
before `say` wraps it. They may raise the core's refusals, said in the venue's `words`, or `Told` ones of their own.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import orjson

from tests.emulators.binance.calls import Call
from tests.emulators.binance.commands import Command
from tests.emulators.binance.engine import Engine
from tests.emulators.binance.forms import Params
from tests.emulators.binance.http import Answer, Request
from tests.emulators.binance.queries import Query
from tests.emulators.binance.refusals import Refusal, bad_combination
from tests.emulators.binance.routes import Route
from tests.emulators.binance.server import Binance
from tests.emulators.exchange.book import ExchangeBook
from tests.emulators.exchange.paths import Paths, read_params
from tests.emulators.exchange.refusals import KEEPS_STATUS, Reason, Said, Told, reason_of

Public = Callable[[ExchangeBook, Params, int], Any]
Ask = Callable[[Query], Any]
Act = Callable[[Engine, Command], Any]


class Exchange(Binance):
    """The running venue; its state is what its log says.

    `id_names` are the parameters that bear client order ids; those of endpoints with `orders` count as submits.
    `words` has an entry for every reason that the venue can have, and one for MALFORMED.
    """

    id_names: ClassVar[tuple[str, ...]] = ()
    words: ClassVar[Mapping[Reason, Said]] = {}

    def __init__(self, state_dir: Path, flush_seconds: float = 0.0) -> None:
        self._paths = Paths(self.routes)
        super().__init__(state_dir, flush_seconds)

    def read(self, request: Request, at: int) -> Call:
        request.key = self.key_of(request)
        name, gaps = self._paths.find(request.method, request.path)
        params = read_params(request.query, request.body) | gaps
        line: dict[str, Any] = {
            "at": self.clock.write(at),
            "key": request.key,
            "source": request.address,
            "method": request.method,
            "path": request.path,
            "route": name,
            "params": params,
        }
        names = [str(params[field]) for field in self.id_names if field in params]
        if names:
            line["client_order_ids"] = names
        route = self.routes.get(name)
        if route is not None and route.orders:
            line["submits"] = names or [""]
        return Call(request, at, name, params, request.body, None, line)

    def key_of(self, request: Request) -> str:
        """Say whose request this is, proved or not."""
        return request.key

    def authenticate(self, call: Call, route: Route) -> None:
        raise NotImplementedError("how a venue knows who asks is its own")

    def check_age(self, call: Call) -> None:
        """Nothing is too old, unless a venue says so."""

    def check_names(self, call: Call, route: Route) -> None:
        # Venues read over what they do not know; here a parameter too many is a mistake of ours.
        if not call.params.keys() <= route.names | _gaps(call.name):
            raise bad_combination()

    def headers_of(self, call: Call) -> dict[str, str]:
        return {}

    def in_own_words(self, refusal: Refusal) -> Refusal:
        if isinstance(refusal, Told):
            return refusal
        reason = reason_of(refusal)
        said = self.words.get(reason, self.words[Reason.MALFORMED])
        told = Told(said, status=refusal.status if reason in KEEPS_STATUS else None)
        told.headers = refusal.headers
        # Of what is malformed only the core knows what it was.
        told.message = said.words or refusal.message
        return told

    def say_no(self, refusal: Refusal) -> Answer:
        told = self.in_own_words(refusal)
        return Answer(told.status, orjson.dumps(self.refusal_body(told)), dict(told.headers))

    def refusal_body(self, told: Refusal) -> Any:
        """Write the JSON that says no."""
        return told.body()


def _gaps(name: str) -> set[str]:
    return {part[1:-1] for part in name.split("/") if part.startswith("{")}
