"""The web's extensions, unbound until create_app binds them, and its one Redis client."""

from typing import cast

import redis
from flask import Flask, current_app
from flask_socketio import SocketIO
from flask_wtf import CSRFProtect

from shared.realtime import CHANNEL
from shared.settings import Settings

csrf = CSRFProtect()
socketio = SocketIO()

_REDIS = "trade_executor_redis"
_SETTINGS = "trade_executor_settings"


def bind(app: Flask, settings: Settings) -> None:
    """Bind settings, Redis, CSRF protection and the socket server to an app."""
    app.extensions[_SETTINGS] = settings
    # A page waits a second for prices at most, and is shown without them.
    app.extensions[_REDIS] = redis.Redis.from_url(
        settings.redis_url, socket_timeout=1, socket_connect_timeout=1, decode_responses=True
    )
    csrf.init_app(app)
    # Websocket only: long polling would need sticky sessions as soon as there are two processes.
    socketio.init_app(
        app,
        async_mode="gevent",
        message_queue=settings.redis_url,
        channel=CHANNEL,
        transports=["websocket"],  # type: ignore[call-arg]
        ping_interval=15,
        ping_timeout=10,
        max_http_buffer_size=16 * 1024,
        manage_session=False,
    )


def settings_in_force() -> Settings:
    """Return the settings of the current app."""
    return cast(Settings, current_app.extensions[_SETTINGS])


def redis_client() -> redis.Redis:
    """Return the current app's Redis client; it speaks text and times out within a second."""
    return cast(redis.Redis, current_app.extensions[_REDIS])
