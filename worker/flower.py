"""`python -m worker.flower`: Flower behind a password, for looking only, on loopback.

Flower itself answers /metrics, /healthcheck, static files, the logout page and every unknown address
without asking who is there (measured on 2.2.0). So one lock stands in front of all its routes.
"""

import hmac
import ipaddress
import logging
import signal
import sys
from base64 import b64decode
from binascii import Error as Base64Error
from types import FrameType
from typing import Final

from celery import Celery
from flower.app import Flower
from flower.options import options
from flower.urls import settings as flower_settings
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
from tornado.netutil import bind_sockets
from tornado.routing import Router
from tornado.web import Application, RequestHandler

from shared.logs import configure_logging
from shared.settings import (
    EX_CONFIG,
    ConfigurationError,
    Settings,
    read_settings,
    stop_on_bad_configuration,
)

OPEN_ON_LOOPBACK: Final = frozenset({"/metrics", "/healthcheck"})
"""For a scraper and a supervisor on this machine; nobody else, with or without the password."""

_PROXY_HEADERS: Final = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Forwarded", "Via")
_MAX_BODY_BYTES: Final = 1_000_000
_MAX_TASKS: Final = 20_000


class Refusal(RequestHandler):
    """Answers every method with one status and nothing about what is behind the lock."""

    def initialize(self, status: int) -> None:
        """Take the status from the lock."""
        self._status = status

    def check_xsrf_cookie(self) -> None:
        """Refuse alike with and without a cookie."""

    def prepare(self) -> None:
        """End the request before any method is looked at."""
        self.set_status(self._status)
        if self._status == 401:
            self.set_header("WWW-Authenticate", 'Basic realm="flower"')
        self.finish()


class Lock(Router):
    """Lets a request through to Flower's routes only with the password, or to a probe from loopback.

    Parameters
    ----------
    flower
        The application behind the lock.
    basic_auth
        `user:password`, ASCII.
    """

    def __init__(self, flower: Application, basic_auth: str) -> None:
        self._flower = flower
        self._refusing = Application()
        self._expected = basic_auth.encode("ascii")

    def find_handler(self, request: HTTPServerRequest, **_options: object) -> HTTPMessageDelegate | None:
        """Choose between Flower and a refusal: 403 for a probe from elsewhere, 401 without the password."""
        if request.path in OPEN_ON_LOOPBACK:
            status = 0 if _is_direct_from_loopback(request) else 403
        else:
            status = 0 if self._is_known(request) else 401
        if status:
            return self._refusing.get_handler_delegate(request, Refusal, {"status": status})
        return self._flower.find_handler(request)

    def _is_known(self, request: HTTPServerRequest) -> bool:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Basic":
            return False
        try:
            given = b64decode(text.strip(), validate=True)
        except (Base64Error, ValueError):
            return False
        return hmac.compare_digest(given, self._expected)


def _is_direct_from_loopback(request: HTTPServerRequest) -> bool:
    if any(name in request.headers for name in _PROXY_HEADERS):
        return False
    try:
        return ipaddress.ip_address(request.remote_ip or "").is_loopback
    except ValueError:
        return False


def make_flower(settings: Settings) -> Flower:
    """Make Flower for looking only; the settings are ours alone, its own environment is not read."""
    options.basic_auth = [settings.flower_basic_auth.get_secret_value()]
    options.read_only = True
    options.persistent = False
    options.max_tasks = _MAX_TASKS
    # Not the worker's application: what shows tasks needs no venue code and holds no private key.
    capp = Celery("flower", set_as_current=False)
    capp.config_from_object("celeryconfig")
    return Flower(capp=capp, options=options, **flower_settings)


def read_flower_settings() -> Settings:
    """Read the settings Flower cannot do without.

    Raises
    ------
    ConfigurationError
        If one is missing, or FLOWER_BASIC_AUTH is not `user:password` in ASCII.
    """
    settings = read_settings("flower_basic_auth")
    user, _, password = settings.flower_basic_auth.get_secret_value().partition(":")
    if not user or not password or not (user + password).isascii():
        raise ConfigurationError(["FLOWER_BASIC_AUTH must be user:password in ASCII characters"])
    return settings


def main() -> int:
    """Serve until told to stop; exit status 78 when the password is missing or the port is taken."""
    try:
        settings = read_flower_settings()
    except ConfigurationError as error:
        stop_on_bad_configuration("flower", error)
    configure_logging("flower", settings.log_level)
    # Every refusal is a 401 in somebody's browser, not a line in our log.
    logging.getLogger("tornado.access").setLevel(logging.ERROR)
    try:
        sockets = bind_sockets(settings.flower_port, address=settings.flower_host)
    except OSError as error:
        sys.stderr.write(
            f"flower: {settings.flower_host}:{settings.flower_port} cannot be used "
            f"({error.strerror}): free it or set FLOWER_PORT (see .env.example)\n"
        )
        return EX_CONFIG
    flower = make_flower(settings)
    lock = Lock(flower, settings.flower_basic_auth.get_secret_value())
    HTTPServer(lock, max_body_size=_MAX_BODY_BYTES).add_sockets(sockets)
    signal.signal(signal.SIGTERM, _leave)
    try:
        flower.start()
    except (KeyboardInterrupt, SystemExit):
        flower.stop()
    return 0


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
