"""`python -m web`: gunicorn with one gevent worker, websocket transport, one clear line when it cannot start."""

# The patch comes before anything that opens a socket or makes a lock.
from gevent import monkey

monkey.patch_all()

import errno  # noqa: E402
import socket  # noqa: E402
import sys  # noqa: E402
from typing import Any  # noqa: E402

from flask import Flask  # noqa: E402
from gunicorn.app.base import BaseApplication  # noqa: E402

from shared.logs import configure_logging  # noqa: E402
from shared.settings import (  # noqa: E402
    EX_CONFIG,
    ConfigurationError,
    Settings,
    read_settings,
    stop_on_bad_configuration,
)

_BACKLOG = 1024


class Server(BaseApplication):
    """Gunicorn around one app, on a socket that is already ours: a taken port is known before any fork."""

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._settings = settings
        self._listener = listener
        super().__init__()

    def load_config(self) -> None:
        """Say how gunicorn runs; one worker, because a socket's rooms live in its process."""
        options: dict[str, Any] = {
            "bind": f"fd://{self._listener.fileno()}",
            "workers": 1,
            "worker_class": "gevent",
            "worker_connections": 2000,
            "graceful_timeout": 2,
            "timeout": 60,
            "keepalive": 30,
            "proc_name": "trade-executor-web",
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:  # type: ignore[override]
        """Build the app inside the worker: database and Redis clients are made after the fork."""
        from web import create_app, realtime  # noqa: PLC0415 - after the fork

        configure_logging("web", self._settings.log_level)
        app = create_app(self._settings)
        realtime.listen()
        return app


def open_listener(host: str, port: int) -> socket.socket:
    """Take the port.

    Raises
    ------
    OSError
        If it is taken or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.set_inheritable(True)
    return listener


def main() -> None:
    """Serve until told to stop; exit status 78 when the configuration makes that impossible."""
    try:
        settings = read_settings("secret_key")
    except ConfigurationError as error:
        stop_on_bad_configuration("web", error)
    try:
        listener = open_listener(settings.web_host, settings.web_port)
    except OSError as error:
        reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
        sys.stderr.write(
            f"web: port {settings.web_port} on {settings.web_host} {reason} "
            "(set WEB_PORT to a free one, see .env.example)\n"
        )
        raise SystemExit(EX_CONFIG) from None
    Server(settings, listener).run()


if __name__ == "__main__":
    main()
