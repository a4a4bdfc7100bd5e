"""One question at a time: from a flag, from what is written already, or from the person at the keyboard."""

from collections.abc import Callable
from dataclasses import dataclass

import click

from web.commands.frame import CommandError
from web.commands.setup.environment_file import EnvironmentFile

Check = Callable[[str], str]
_MAX_TRIES = 5


@dataclass(frozen=True, slots=True)
class Interview:
    """How answers are found: whether there is somebody to ask, and whether old answers may be replaced."""

    file: EnvironmentFile
    is_interactive: bool
    is_forced: bool

    def answer(
        self,
        name: str,
        question: str,
        check: Check,
        *,
        given: str | None,
        default: str = "",
        secret: bool = False,
    ) -> str:
        """Find the value of a variable, check it, and put it into the file.

        An answer that is there already stays, unless a flag says otherwise and `--force` allows it.
        `default` is checked like any answer; an empty answer leaves the variable unset.

        Raises
        ------
        CommandError
            If a flag's value is refused, contradicts what is there, or five typed answers were refused.
        """
        existing = self.file.get(name)
        if existing and (given is None or given == existing):
            return existing
        if existing and not self.is_forced:
            raise CommandError(f"{name} is set in the file already: --force replaces it")
        if given is None and self.is_interactive:
            value = _ask(question, check, default=default, secret=secret)
        else:
            value = _checked(name, check, default if given is None else given)
        if value or existing:
            self.file.put(name, value)
        return value


def _checked(name: str, check: Check, text: str) -> str:
    try:
        return check(text) if text else ""
    except ValueError as error:
        raise CommandError(f"{name}: {error}") from None


def _ask(question: str, check: Check, *, default: str, secret: bool) -> str:
    for _ in range(_MAX_TRIES):
        # Prompts go to standard error: standard output is for the answer of the command.
        text = click.prompt(
            question, default=default, show_default=bool(default), hide_input=secret, err=True
        ).strip()
        if not text:
            return ""
        try:
            return check(text)
        except ValueError as error:
            click.echo(f"  {error}", err=True)
    raise CommandError(f"{question}: {_MAX_TRIES} answers were refused")
