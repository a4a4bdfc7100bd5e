"""Which endpoint a request means, where a venue writes ids into its paths, and what the request says."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson


class Paths:
    """Endpoints by name, such as `GET /orders/{orderId}`; a path without a gap goes before one with one."""

    def __init__(self, names: Iterable[str]) -> None:
        self._exact: set[str] = set()
        self._open: list[tuple[str, list[str]]] = []
        for name in names:
            if "{" in name:
                self._open.append((name, name.split("/")))
            else:
                self._exact.add(name)

    def find(self, method: str, path: str) -> tuple[str, dict[str, str]]:
        """Return an endpoint's name and what stands in its gaps; the request itself where there is none."""
        asked = f"{method} {path}"
        if asked in self._exact:
            return asked, {}
        parts = asked.split("/")
        for name, wanted in self._open:
            if len(wanted) == len(parts) and all(map(_fits, wanted, parts)):
                return name, {
                    gap[1:-1]: unquote(part) for gap, part in zip(wanted, parts, strict=True) if _is_gap(gap)
                }
        return asked, {}


def read_params(query: str, body: str) -> dict[str, Any]:
    """Read a query and a body, which is JSON or a form; what cannot be read says nothing."""
    said: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    if body.lstrip().startswith("{"):
        try:
            said |= orjson.loads(body)
        except orjson.JSONDecodeError:
            return said
    elif body:
        said |= parse_qsl(body, keep_blank_values=True)
    return said


def _is_gap(part: str) -> bool:
    return part.startswith("{")


def _fits(wanted: str, part: str) -> bool:
    return wanted == part or (_is_gap(wanted) and bool(part))
