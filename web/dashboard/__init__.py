"""The Overview: am I safe, what is open, what just happened, is anything wrong."""

from flask import Flask

from shared.settings import Settings
from web.dashboard.routes import blueprint


def bind(app: Flask, _settings: Settings) -> None:
    """Add the Overview."""
    app.register_blueprint(blueprint)
