"""What all commands share: `--json`, one clear line for every failure, and the exit status.

0 only when done, 1 when it could not be done, 2 when it was asked wrongly.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from pymongo.errors import PyMongoError

from shared.database import DatabaseUnavailable
from shared.settings import ConfigurationError

F = TypeVar("F", bound=Callable[..., Any])


class CommandError(click.ClickException):
    """Raised with the one sentence that tells the operator why nothing was done; exit status 1."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        """Write the sentence to standard error."""
        click.echo(f"Error: {self.message}", err=True, file=file)


class WrongUse(CommandError):
    """Raised for an option or argument that cannot be read; exit status 2."""

    exit_code = 2


class Command(click.Command):
    """A command whose failures are one line each."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the arguments; a wrong one is one line that names the command's help."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            raise _wrong_use(error) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run; what the environment or MongoDB refuse is one line."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise _wrong_use(error) from None
        except ConfigurationError as error:
            raise CommandError(f"{error} (make setup writes .env; .env.example explains it)") from None
        except DatabaseUnavailable as error:
            raise CommandError(first_line(error)) from None
        except PyMongoError as error:
            raise CommandError(f"MongoDB: {first_line(error)}") from None


class Group(click.Group):
    """A noun whose verbs are `Command`s."""

    command_class = Command

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the group's own arguments; a wrong one is one line."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            raise _wrong_use(error) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb; an unknown one is one line that lists those that exist."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            verbs = ", ".join(self.list_commands(ctx))
            raise WrongUse(f"{ctx.command_path} has no {args[0]!r}; it has {verbs}") from None


def json_option(command: F) -> F:
    """Add `--json`: one JSON object a line on standard output, nothing else there."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")(command)


def first_line(error: BaseException) -> str:
    """Shorten a driver's message to its first sentence."""
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].split(", Timeout:")[0].split(" (configured timeouts")[0][:300]


def _wrong_use(error: click.UsageError) -> WrongUse:
    path = error.ctx.command_path if error.ctx else ""
    hint = f" ({path} --help)" if path else ""
    return WrongUse(" ".join(error.format_message().split()) + hint)
