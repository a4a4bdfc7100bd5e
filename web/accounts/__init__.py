"""Accounts: which brokers a follower has connected, by key or by OAuth, and what may be done about each."""

from flask import Flask

from shared.settings import Settings
from web.accounts import changes, oauth, routes


def bind(app: Flask, _settings: Settings) -> None:
    """Add the pages."""
    for part in (routes, changes, oauth):
        app.register_blueprint(part.blueprint)
