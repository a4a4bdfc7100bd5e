"""`flask providers hook-secret rotate`: shown once, sealed at rest, the old one good for as long as was said."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.models.audit import AuditEntry
from shared.models.hooks import find_hook
from shared.models.mapping import rows_of
from shared.models.providers import Provider
from shared.settings import Settings, read_settings
from tests.integration.web.commands.conftest import Run
from web.webhooks.secrets import make_decoy, open_secrets

pytestmark = pytest.mark.usefixtures("empty_servers")

FIRST = "the first secret of this hook"


@pytest.fixture
def provider_id(run: Run, tmp_path: Path) -> str:
    secret = tmp_path / "secret"
    secret.write_text(FIRST)
    base = ("providers", "create", "--name", "Hooked", "--guild-id", "11", "--channel-id", "21")
    made: str = run(*base, "--hook-secret-file", str(secret), "--json").row["id"]
    return made


def opened(settings: Settings, provider_id: str, at: datetime) -> set[str]:
    """The secrets that a request at a moment may be proved with."""
    hook = find_hook(provider_id)
    assert hook is not None
    decoy = make_decoy(settings)
    known = {secret.decode("utf-8", "replace") for secret in open_secrets(settings, hook, decoy, at)}
    return {secret for secret in known if secret.isascii()}


def test_a_new_secret_is_shown_once_and_the_old_one_stays_good_for_a_day(run: Run, provider_id: str) -> None:
    settings, now = read_settings(), datetime.now(UTC)
    assert opened(settings, provider_id, now) == {FIRST}
    made = run("providers", "hook-secret", "rotate", "--provider", "Hooked", "--json").row
    assert len(made["hook_secret"]) >= 43
    assert opened(settings, provider_id, now) == {FIRST, made["hook_secret"]}
    assert opened(settings, provider_id, now + timedelta(hours=25)) == {made["hook_secret"]}
    stored = str(rows_of(Provider).find_one({"_id": provider_id})) + str(list(rows_of(AuditEntry).find()))
    assert made["hook_secret"] not in stored
    assert FIRST not in stored


def test_without_an_overlap_the_old_secret_ends_at_once(run: Run, provider_id: str) -> None:
    rotate = ("providers", "hook-secret", "rotate", "--provider", provider_id, "--overlap-hours", "0")
    made = run(*rotate, "--json").row
    assert made["previous_until"] is None
    assert opened(read_settings(), provider_id, datetime.now(UTC)) == {made["hook_secret"]}


def test_a_secret_of_ones_own_is_not_shown_and_may_be_short_of_nothing(run: Run, provider_id: str) -> None:
    rotate = ("providers", "hook-secret", "rotate", "--provider", provider_id, "--hook-secret-file", "-")
    assert run(*rotate, stdin="too short").refused("16 characters")
    said = run(*rotate, "--json", stdin="$a secret of the owner's own")
    assert "owner" not in said.out
    assert "$a secret of the owner's own" in opened(read_settings(), provider_id, datetime.now(UTC))


def test_the_secret_may_come_in_the_body_only_once_that_is_said(run: Run, provider_id: str) -> None:
    rotate = ("providers", "hook-secret", "rotate", "--provider", provider_id, "--json")
    assert run(*rotate).row["takes_secret_in_body"] is False
    assert run(*rotate, "--in-body").row["takes_secret_in_body"] is True
    assert run(*rotate).row["takes_secret_in_body"] is True
    assert run(*rotate, "--signed-only").row["takes_secret_in_body"] is False


def test_without_the_key_it_is_sealed_under_there_is_no_hook_secret(
    run: Run, provider_id: str, environment: pytest.MonkeyPatch
) -> None:
    environment.delenv("SECRET_KEY")
    rotate = ("providers", "hook-secret", "rotate", "--provider", provider_id)
    assert run(*rotate).refused("SECRET_KEY is not set")


def test_a_secret_under_another_key_proves_nothing(run: Run, provider_id: str) -> None:
    other = read_settings().model_copy(update={"secret_key": SecretStr("another key altogether")})
    assert FIRST not in opened(other, provider_id, datetime.now(UTC))
