"""Who is asking: session login, the demo's door, and the rule that every route names its policy."""

from flask import Flask

from shared.settings import Settings
from web.auth import policy, routes


def bind(app: Flask, settings: Settings) -> None:
    """Add the login pages and refuse every route that names no policy."""
    policy.bind(app)
    routes.bind(app, settings)
