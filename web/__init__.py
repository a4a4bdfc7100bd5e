"""The web app: pages, sockets and hooks; it records and shows, and leaves venues to the workers."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from shared.settings import Settings


def create_app(settings: "Settings | None" = None) -> "Flask":
    """Build the app; without `settings` it reads the environment (see web/application.py)."""
    # Nothing is imported with this package: `python -m web` patches sockets before anything makes one.
    from web.application import build_app  # noqa: PLC0415

    return build_app(settings)
