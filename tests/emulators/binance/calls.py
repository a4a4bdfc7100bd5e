"""One request on its way through the venue, with the log line that grows along."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from tests.emulators.binance.accounts import Account
from tests.emulators.binance.faults import FaultRule
from tests.emulators.binance.http import Request
from tests.emulators.binance.log import Line
from tests.emulators.binance.refusals import Refusal
from tests.emulators.binance.signing import split_signature

ID_NAMES = (
    "newClientOrderId",
    "aboveClientOrderId",
    "belowClientOrderId",
    "listClientOrderId",
    "clientAlgoId",
    "origClientOrderId",
    "cancelOrigClientOrderId",
)


@dataclass(slots=True)
class Call:
    """A request with its parameters read. `at` is its arrival in microseconds of the venue's clock."""

    request: Request
    at: int
    name: str
    params: dict[str, Any]
    payload: str
    signature: str | None
    line: Line
    account: Account | None = None
    faults: list[FaultRule] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def now(self) -> int:
        """Its arrival in milliseconds."""
        return self.at // 1000

    @property
    def second(self) -> int:
        """Its arrival in whole seconds."""
        return self.at // 1_000_000

    def strike(self, rule: FaultRule) -> None:
        """Note that a fault hits this request."""
        self.faults.append(rule)
        self.line.setdefault("faults", []).append(rule.named())


def read_call(request: Request, at: int, written_at: str) -> Call:
    """Separate parameters from signature; what cannot be read is refused when it is looked at."""
    query, query_signature = split_signature(request.query) if request.query else ("", None)
    body, body_signature = split_signature(request.body) if request.body else ("", None)
    # A parameter in both places counts as it stands in the query.
    params = _read(body) if body else {}
    if query:
        params |= _read(query)
    line: dict[str, Any] = {
        "at": written_at,
        "key": request.key,
        "source": request.address,
        "method": request.method,
        "path": request.path,
        "params": params,
    }
    names = [params[name] for name in ID_NAMES if name in params]
    if names:
        line["client_order_ids"] = names
    return Call(
        request,
        at,
        f"{request.method} {request.path}",
        params,
        query + body,
        query_signature or body_signature,
        line,
    )


def _read(text: str) -> dict[str, str]:
    params: dict[str, str] = {}
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        if "%" in pair or "+" in pair:
            name, value = unquote_plus(name), unquote_plus(value)
        params[name] = value
    return params


def check_names(params: dict[str, str], known: frozenset[str]) -> None:
    """Raise Refusal for parameters that the endpoint does not read, or that are empty."""
    if not params.keys() <= known:
        read = len(params.keys() & known)
        raise Refusal(
            -1104,
            f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{len(params)}'.",
        )
    for name, value in params.items():
        if not value:
            raise Refusal(-1105, f"Parameter '{name}' was empty.")
