"""Who is asking: sign-in, sessions, the second factor, and the rule that every route names its policy."""

from flask import Flask

from shared.settings import Settings
from web.auth import factor_routes, policy, routes


def bind(app: Flask, settings: Settings) -> None:
    """Add the login pages and refuse every route that names no policy."""
    policy.bind(app)
    routes.bind(app, settings)
    app.register_blueprint(factor_routes.blueprint)
