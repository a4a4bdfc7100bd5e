"""`flask doctor`: one line for each thing this system needs, and what to do where one is wrong."""

from web.commands.doctor.command import doctor

__all__ = ["doctor"]
