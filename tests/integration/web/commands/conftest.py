"""The command line in this process, on real servers: as `flask --app web` would run it, without the start-up."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import mongoengine
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo

import shared.settings
import shared.tasks
from shared.database import connect
from shared.vault import KeyPair, generate_key_pair
from tests.sample.server import SECRET_KEY
from web import commands


@dataclass(frozen=True)
class Answer:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def row(self) -> dict[str, Any]:
        """The only JSON line, of a command that was done."""
        assert self.status == 0, self.err
        assert len(self.rows) == 1
        return self.rows[0]

    def refused(self, complaint: str, status: int = 1) -> bool:
        """Check that it ended with one clear line that says `complaint`, and wrote no answer."""
        assert self.status == status, (self.status, self.out, self.err)
        assert self.err.count("\n") == 1, self.err
        assert complaint in self.err, self.err
        assert self.out == ""
        return True


Run = Callable[..., Answer]


@pytest.fixture(scope="module")
def key_pair() -> KeyPair:
    """The credential keys of the module's installation."""
    return generate_key_pair()


@pytest.fixture
def environment(
    monkeypatch: pytest.MonkeyPatch, redis_url: str, mongodb_uri: str, key_pair: KeyPair
) -> Iterator[pytest.MonkeyPatch]:
    """The settings of an installation; whatever this process has cached of another one is dropped."""
    for name in shared.settings.Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("MONGODB_URI", mongodb_uri)
    monkeypatch.setenv("SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("CREDENTIAL_PUBLIC_KEYS", key_pair.public_key)
    monkeypatch.setenv("VENUE_ADAPTERS", "tests.emulators.venue.adapter")
    monkeypatch.setenv("LIVE_VENUES", "testvenue")
    _forget()
    connect(mongodb_uri)
    yield monkeypatch
    _forget()
    mongoengine.disconnect()


@pytest.fixture
def run(environment: pytest.MonkeyPatch) -> Run:
    """Run one command and return its answer."""
    app = Flask("commands")
    commands.register(app)

    def invoke(*arguments: str, stdin: str | bytes | None = None) -> Answer:
        result = CliRunner().invoke(
            app.cli, arguments, input=stdin, obj=ScriptInfo(create_app=lambda: app), prog_name="flask"
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)

    return invoke


def _forget() -> None:
    shared.settings.load_settings.cache_clear()
    shared.tasks._producer.cache_clear()
    shared.tasks._silent_until = 0.0
    sys.modules.pop("celeryconfig", None)
