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
    limits,
    manifest,
    realtime,
    security,
    webhooks,
)
from web import settings as settings_pages

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
        # Of the two ends of a session, the row's is the one that counts.
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=SESSION_LIFETIME,
        MAX_CONTENT_LENGTH=1024 * 1024,
    )
    if is_https:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    # What happens before a request happens in this order: headers are set for whatever is refused after them.
    security.bind(app, settings)
    limits.bind_before_login(app, settings)
    for part in (extensions, errors, formatting, manifest, health, auth, limits):
        part.bind(app, settings)
    for pages in (dashboard, accounts, settings_pages, realtime, webhooks):
        pages.bind(app, settings)
    app.wsgi_app = security.Outermost(app.wsgi_app, settings)  # type: ignore[method-assign]
