"""A user's settings: so far who is signed in where, and the second factor."""

from flask import Flask

from shared.settings import Settings
from web.settings import security


def bind(app: Flask, _settings: Settings) -> None:
    """Add the pages."""
    app.register_blueprint(security.blueprint)
