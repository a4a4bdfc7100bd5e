"""`flask setup` (`make setup`): from nothing to a .env that works, each answer checked at once."""

from web.commands.setup.command import setup

__all__ = ["setup"]
