"""The app put together: settings, database, commands, then every part that pages are made of."""

from datetime import timedelta

import click
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from shared.database import connect
from shared.settings import ConfigurationError, Settings, read_settings
from web import (
    accounts,
    auth,
    commands,
    dashboard,
    errors,
    extensions,
    formatting,
    health,
    manifest,
    realtime,
    security,
)

SESSION_LIFETIME = timedelta(hours=12)


def build_app(settings: Settings | None = None) -> Flask:
    """Build the app; without `settings` it reads the environment.

    On the command line an environment that cannot be used still gives an app with the commands
    alone, because `setup` and `doctor` are what mends it.

    Raises
    ------
    ConfigurationError
        If the environment cannot be used and this is not the command line.
    """
    app = Flask(__name__)
    commands.register(app)
    try:
        settings = settings or read_settings()
    except ConfigurationError:
        if click.get_current_context(silent=True) is None:
            raise
        return app
    connect(settings.mongodb_uri)
    _add_pages(app, settings)
    return app


def _add_pages(app: Flask, settings: Settings) -> None:
    is_https = settings.web_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SESSION_COOKIE_NAME="__Host-session" if is_https else "session",
        SESSION_COOKIE_SECURE=is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=SESSION_LIFETIME,
        MAX_CONTENT_LENGTH=1024 * 1024,
    )
    if is_https:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    for part in (extensions, security, errors, formatting, manifest, health, auth, dashboard, accounts, realtime):
        part.bind(app, settings)
