"""Structured logs: one event a line as JSON on standard output, ids bound, secrets struck out."""

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

_SECRET_NAMES = re.compile(
    r"secret|token|password|passphrase|authorization|api_?key|private|cookie|credential$", re.IGNORECASE
)
_SECRET_IN_URL = re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)")
_STARS = "***"


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


def _redacted(key: str, value: Any) -> Any:
    if _SECRET_NAMES.search(key):
        return _STARS
    if isinstance(value, str):
        return _SECRET_IN_URL.sub(_STARS, value)
    if isinstance(value, dict):
        return {name: _redacted(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(key, inner) for inner in value]
    return value
