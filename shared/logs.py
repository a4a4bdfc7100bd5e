"""Structured logs: one event a line as JSON on standard output, ids bound, secrets struck out."""

import logging
import re
import sys
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

_SECRET_NAMES = re.compile(
    r"secret|token|passw(or)?d|passphrase|authorization|api_?key|private|cookie|credential$|signature|csrf|totp|recovery_code"
    r"|^sealed",
    re.IGNORECASE,
)
_SECRET_IN_URL = re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)")
# A signed request's address, a form, a header: libraries put those into their exceptions.
_SECRET_AFTER_NAME = re.compile(
    r"((?:signature|secret|token|passw(?:or)?d|passphrase|api[-_]?key)[\"']?[=:]\s?[\"']?|\bBearer )[^\s&\"',;}]+",
    re.IGNORECASE,
)
_STARS = "***"
_SHORTEST_HIDDEN = 8

_hidden: set[str] = set()
_hidden_pattern: re.Pattern[str] | None = None


def hide_values(values: Iterable[str]) -> None:
    """Strike these texts out of whatever this process logs from now on, wherever they stand.

    Texts of fewer than 8 characters are left: they could be part of anything.
    """
    global _hidden_pattern  # noqa: PLW0603 - one set of secrets a process
    new = {value for value in values if len(value) >= _SHORTEST_HIDDEN} - _hidden
    if new:
        _hidden.update(new)
        # The longest first: where one secret begins with another, both go.
        longest_first = sorted(_hidden, key=len, reverse=True)
        _hidden_pattern = re.compile("|".join(map(re.escape, longest_first)))


def configure_logging(program: str, level: str = "INFO") -> None:
    """Send our events and the libraries' records through one JSON renderer."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # A traceback is text before secrets are struck out: an exception may quote an address.
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    structlog.contextvars.bind_contextvars(program=program)


def log_to_stderr() -> None:
    """Send a command's warnings to standard error: its standard output is its answer, and silence there is success."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def get_logger(name: str) -> Any:
    """Return a logger whose events carry `module=name`."""
    return structlog.get_logger(module=name)


@contextmanager
def bound(**ids: object) -> Iterator[None]:
    """Bind ids (message_id, signal_id, order_id ...) to every event inside the block."""
    with structlog.contextvars.bound_contextvars(**ids):
        yield


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Strike out values whose name or shape says that they are secret."""
    for key, value in event.items():
        event[key] = _redacted(key, value)
    return event


def strike_out(text: str) -> str:
    """Return a text without the secrets that are known by their value, their place or the name before them."""
    if _hidden_pattern is not None:
        text = _hidden_pattern.sub(_STARS, text)
    return _SECRET_AFTER_NAME.sub(rf"\1{_STARS}", _SECRET_IN_URL.sub(_STARS, text))


def _redacted(key: str, value: Any) -> Any:
    if _SECRET_NAMES.search(key):
        return _STARS
    if isinstance(value, str):
        return strike_out(value)
    if isinstance(value, dict):
        return {name: _redacted(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(key, inner) for inner in value]
    return value
