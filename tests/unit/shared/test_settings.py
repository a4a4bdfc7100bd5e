"""Settings: every problem at once, secrets kept out of sight, and live money sent nowhere by a slip."""

import ast
from pathlib import Path

import pytest

from shared.settings import (
    EX_CONFIG,
    ConfigurationError,
    Settings,
    read_settings,
    stop_on_bad_configuration,
)

ROOT = Path(__file__).parents[3]
SERVERS = {"REDIS_URL": "redis://localhost:6379/0", "MONGODB_URI": "mongodb://localhost/trade_executor"}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch):
    for name in [
        *Settings.model_fields,
        "venue_url_binance_live",
        "venue_url_binance_sandbox",
        "market_key_alpaca_live",
    ]:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in SERVERS.items():
        monkeypatch.setenv(name, value)


def problems_of(*required: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(*required)
    return caught.value.problems


def test_two_addresses_are_enough():
    settings = read_settings()
    assert (settings.redis_url, settings.mongodb_uri) == tuple(SERVERS.values())


def test_all_problems_are_listed_at_once_each_with_its_variable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("REDIS_URL")
    monkeypatch.setenv("MONGODB_URI", "postgres://localhost/")
    monkeypatch.setenv("WEB_PORT", "70000")
    monkeypatch.setenv("FLOWER_PORT", "http")
    monkeypatch.setenv("DEMO", "perhaps")
    monkeypatch.setenv("DISCORD_API_URL", "discord.com")
    monkeypatch.setenv("VENUE_URL_BINANCE_LIVE", "https://evil.example")
    problems = problems_of("secret_key", "discord_bot_token")
    names = [problem.split()[0] for problem in problems]
    assert sorted(names) == sorted(
        [
            "REDIS_URL",
            "MONGODB_URI",
            "WEB_PORT",
            "FLOWER_PORT",
            "DEMO",
            "DISCORD_API_URL",
            "VENUE_URL_BINANCE_LIVE",
            "SECRET_KEY",
            "DISCORD_BOT_TOKEN",
        ]
    )
    assert all("\n" not in problem for problem in problems)


@pytest.mark.parametrize("value", [None, ""])
def test_an_empty_value_is_the_same_as_none(monkeypatch: pytest.MonkeyPatch, value: str | None):
    for name in ("SECRET_KEY", "WEB_PORT", "DISCORD_API_URL", "DEMO", "VENUE_URL_BINANCE_LIVE"):
        if value is not None:
            monkeypatch.setenv(name, value)
    settings = read_settings()
    assert settings.web_port == 8000
    assert settings.discord_api_url == "https://discord.com/api/v10"
    assert (settings.demo, settings.venue_urls) == (False, {})
    assert problems_of("secret_key") == ["SECRET_KEY is not set"]


def test_a_missing_server_is_one_line_that_names_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MONGODB_URI")
    assert problems_of() == ["MONGODB_URI is not set"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000", "http://localhost:1", "http://[::1]:80/v1", "https://proxy.example/x"]
)
def test_a_live_address_may_be_loopback_or_listed(monkeypatch: pytest.MonkeyPatch, url: str):
    monkeypatch.setenv("VENUE_URL_BINANCE_LIVE", url)
    monkeypatch.setenv("ALLOWED_VENUE_HOSTS", " other.example , proxy.example ")
    assert read_settings().venue_url("binance", "live") == url


@pytest.mark.parametrize(
    "url",
    [
        "https://api.binance.example",
        "https://proxy.example.evil.example",
        "https://localhost.evil.example",
        "https://127.0.0.1@evil.example",
        "http://127.0.0.2",
        "evil.example",
        "//",
    ],
)
def test_any_other_live_address_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, url: str):
    monkeypatch.setenv("VENUE_URL_BINANCE_LIVE", url)
    monkeypatch.setenv("ALLOWED_VENUE_HOSTS", "proxy.example")
    (problem,) = problems_of()
    assert problem.startswith("VENUE_URL_BINANCE_LIVE ")
    assert "loopback or listed in ALLOWED_VENUE_HOSTS" in problem


def test_every_bad_live_address_is_listed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VENUE_URL_BINANCE_LIVE", "https://a.example")
    monkeypatch.setenv("VENUE_URL_ALPACA_LIVE", "https://b.example")
    assert len(problems_of()) == 2


def test_a_sandbox_may_be_anywhere_and_an_unnamed_venue_keeps_its_own(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VENUE_URL_BINANCE_SANDBOX", "https://test.example")
    settings = read_settings()
    assert settings.venue_url("BINANCE", "Sandbox") == "https://test.example"
    assert settings.venue_url("binance", "live") is None


def test_a_key_for_prices_belongs_to_one_venue_and_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MARKET_KEY_ALPACA_LIVE", "PK123:s3cret-of:prices")
    settings = read_settings()
    assert settings.market_key("alpaca", "live") == ("PK123", "s3cret-of:prices")
    assert settings.market_key("alpaca", "sandbox") is None
    assert "s3cret" not in f"{settings!r} {settings.model_dump()}"


@pytest.mark.parametrize("value", ["PK123", "PK123:", ":s3cret", ":"])
def test_half_a_key_for_prices_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("MARKET_KEY_ALPACA_LIVE", value)
    assert problems_of() == ["MARKET_KEY_ALPACA_LIVE must be a key and its secret, as KEY:SECRET"]


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch):
    secrets = {
        "SECRET_KEY": "s3cret-of-pages",
        "CREDENTIAL_PRIVATE_KEYS": "s3cret-of-vault",
        "DISCORD_BOT_TOKEN": "s3cret-of-bot",
        "DISCORD_CLIENT_SECRET": "s3cret-of-login",
        "FLOWER_BASIC_AUTH": "user:s3cret",
        "REDIS_URL": "redis://:s3cret@localhost/0",
        "MONGODB_URI": "mongodb://user:s3cret@localhost/trade_executor",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    settings = read_settings(*(name.lower() for name in secrets))
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in str(settings)
    assert settings.discord_bot_token.get_secret_value() == "s3cret-of-bot"


@pytest.mark.parametrize("name", ["REDIS_URL", "MONGODB_URI", "DISCORD_API_URL"])
def test_a_wrong_address_is_not_repeated_in_the_complaint(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv(name, "user:s3cret@localhost")
    assert "s3cret" not in " ".join(problems_of())


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        read_settings().web_port = 1  # type: ignore[misc]


def test_a_program_ends_with_one_line_a_problem_and_the_status_of_a_wrong_configuration(
    capsys: pytest.CaptureFixture[str],
):
    with pytest.raises(SystemExit) as caught:
        stop_on_bad_configuration("web", ConfigurationError(["A is not set", "B is wrong"]))
    assert caught.value.code == EX_CONFIG == 78
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["web: A is not set (see .env.example)", "web: B is wrong (see .env.example)"]


def test_the_example_file_names_every_setting_and_no_other():
    named = {
        line.lstrip("#").partition("=")[0].lower()
        for line in (ROOT / ".env.example").read_text().splitlines()
        if "=" in line and line.lstrip("#").partition("=")[0].isupper()
    }
    venue_urls = {name for name in named if name.startswith("venue_url_")}
    market_keys = {name for name in named if name.startswith("market_key_")}
    oauth_urls = {name for name in named if name.startswith("oauth_url_")}
    assert venue_urls
    assert market_keys
    assert oauth_urls
    others = set(Settings.model_fields) - {"venue_urls", "oauth_urls", "market_keys"}
    assert named - venue_urls - oauth_urls - market_keys == others


def test_the_example_files_values_can_be_used(monkeypatch: pytest.MonkeyPatch):
    for line in (ROOT / ".env.example").read_text().splitlines():
        name, separator, value = line.partition("=")
        if separator and name.isupper() and value:
            monkeypatch.setenv(name, value)
    assert read_settings().price_seed == 7


def test_the_fields_are_read_from_one_declaration():
    # A second Settings class would be a second reader of the environment.
    tree = ast.parse((ROOT / "shared" / "settings.py").read_text())
    assert [node.name for node in tree.body if isinstance(node, ast.ClassDef)] == [
        "ConfigurationError",
        "Settings",
    ]
