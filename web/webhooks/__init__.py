"""Doors for programs elsewhere: each request is proved by a signature or a secret before it is read."""

from flask import Flask

from shared.settings import Settings
from web.extensions import csrf
from web.webhooks import routes
from web.webhooks.secrets import make_decoy


def bind(app: Flask, settings: Settings) -> None:
    """Add the signal hook; it alone needs no form token, because no browser's session opens it."""
    app.register_blueprint(routes.blueprint)
    csrf.exempt(routes.signals)
    app.extensions[routes.DECOY] = make_decoy(settings)
