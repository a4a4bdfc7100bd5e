"""Creating users, providers, accounts and bots: what is stored, what is sealed, what is refused."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from shared.domain.bots import BotSettings, Sizing, SizingMethod
from shared.models import accounts, bots, credentials, providers
from shared.models.mapping import rows_of
from shared.models.records import AuditEntry, UsageEvent
from shared.models.users import Community, User
from shared.vault import KeyPair, PrivateKeys, credential_record
from tests.integration.web.commands.conftest import Answer, Run

pytestmark = pytest.mark.usefixtures("empty_servers")

KEYS = json.dumps({"api_key": "canary-api-key", "secret": "canary-secret"})


def make_user(run: Run, discord_id: str = "100000000000000001", name: str = "Ada") -> str:
    user_id: str = run("users", "create", "--discord-id", discord_id, "--name", name, "--json").row["user_id"]
    return user_id


def make_provider(run: Run, name: str = "Alpha") -> str:
    made = run(
        "providers",
        "create",
        "--name",
        name,
        "--guild-id",
        "11",
        "--channel-id",
        "21",
        "--author-id",
        "31",
        "--json",
    )
    provider_id: str = made.row["provider_id"]
    return provider_id


def connect(
    run: Run, *more: str, user: str = "Ada", venue: str = "paper", environment: str = "paper"
) -> Answer:
    where = ("--venue", venue, "--environment", environment)
    return run("accounts", "connect", "--user", user, *where, "--json", *more)


def test_a_user_is_created_once_and_noted_in_the_audit_log(run: Run):
    made = run(
        "users", "create", "--discord-id", "42", "--name", " Ada ", "--tier", "pro", "--admin", "--json"
    ).row
    stored = rows_of(User).find_one({"_id": made["user_id"]})
    assert stored is not None
    assert (stored["discord_id"], stored["name"], stored["tier"], stored["is_admin"]) == (
        "42",
        "Ada",
        "pro",
        True,
    )
    noted = rows_of(AuditEntry).find_one({"action": "user.create"})
    assert noted is not None
    assert (noted["actor"], noted["subject"]) == ("cli", made["user_id"])
    assert run("users", "create", "--discord-id", "42", "--name", "Other").refused("exists already")


def test_a_provider_brings_its_community_once_and_keeps_its_allow_list(run: Run):
    made = run(
        *(
            "providers",
            "create",
            "--name",
            "Alpha",
            "--guild-id",
            "11",
            "--channel-id",
            "21",
            "--channel-id",
            "22",
        ),
        *("--author-id", "31", "--author-id", "32", "--webhook-id", "41", "--json"),
    ).row
    second = run(
        *(
            "providers",
            "create",
            "--name",
            "Beta",
            "--guild-id",
            "11",
            "--channel-id",
            "21",
            "--author-id",
            "31",
        ),
        "--json",
    ).row
    terms = providers.find(made["id"])
    assert terms is not None
    assert terms.channel_ids == ("21", "22")
    assert terms.may_signal("32", is_webhook=False)
    assert terms.may_signal("41", is_webhook=True)
    assert not terms.may_signal("41", is_webhook=False)
    assert made["community_id"] == second["community_id"]
    assert rows_of(Community).count_documents({}) == 1
    assert providers.watched_channels() == {"21", "22"}


def test_a_hook_secret_comes_from_a_file_and_is_not_shown(run: Run, tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("a secret of the hook's own\n")
    base = ("providers", "create", "--guild-id", "11", "--channel-id", "21")
    made = run(*base, "--name", "Hooked", "--hook-secret-file", str(secret), "--json")
    assert made.row["name"] == "Hooked"
    assert "a secret" not in made.out
    secret.write_text("short")
    assert run(*base, "--name", "Short", "--hook-secret-file", str(secret)).refused("16 characters")
    assert run(*base, "--name", "None", "--hook-secret-file", str(tmp_path / "no")).refused("cannot be read")


def test_providers_that_could_never_signal_or_share_a_name_are_refused(run: Run):
    make_provider(run)
    base = ("providers", "create", "--name", "Alpha", "--guild-id", "11", "--channel-id", "21")
    assert run(*base).refused("nobody may signal", status=2)
    assert run(*base, "--author-id", "31").refused("'Alpha' exists already")
    assert run(*base, "--author-id", "<@31>").refused("is no id", status=2)
    assert run("providers", "create", "--name", "B", "--guild-id", "1").refused("--channel-id", status=2)


def test_a_paper_account_has_its_opening_balance_and_rings_for_a_refresh(run: Run, redis_url: str):
    user_id = make_user(run)
    made = connect(run, "--balance", "2500.50").row
    stored = accounts.find(made["account_id"])
    assert stored is not None
    assert (stored.user_id, stored.venue, stored.environment) == (user_id, "paper", "paper")
    assert stored.opening_balance == Decimal("2500.50")
    assert stored.balance_total is None
    assert accounts.find(connect(run).row["id"]).opening_balance == Decimal(10_000)  # type: ignore[union-attr]
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        rung = [json.loads(message) for message in client.lrange("dx:sync", 0, -1)]
    assert len(rung) == 2
    assert {message["headers"]["task"] for message in rung} == {"accounts.refresh"}
    used = rows_of(UsageEvent).find({"kind": "account_connected"})
    assert made["id"] in {row["subject_id"] for row in used}


def test_a_key_is_sealed_for_its_account_and_only_the_workers_key_opens_it(run: Run, key_pair: KeyPair):
    make_user(run)
    made = connect(run, "--credentials-file", "-", venue="testvenue", environment="sandbox")
    assert made.refused("standard input is empty")
    answer = run(
        *("accounts", "connect", "--user", "Ada", "--venue", "testvenue", "--environment", "sandbox"),
        *("--credentials-file", "-", "--json"),
        stdin=KEYS,
    )
    account = accounts.find(answer.row["id"])
    assert account is not None
    assert account.credential_id is not None
    assert account.opening_balance is None
    stored = credentials.find_credentials([account.credential_id])[account.credential_id]
    assert (stored.account_id, stored.user_id, stored.key_id) == (
        account.account_id,
        account.user_id,
        key_pair.key_id,
    )
    keys = PrivateKeys.parse(key_pair.private_key)
    record = credential_record(account.account_id, account.credential_id)
    assert keys.unseal(record, stored.sealed) == SecretStr(KEYS)
    assert "canary" not in answer.out + answer.err + str(stored)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("not json", "must be JSON"),
        ('{"api_key": "canary-1"}', "no more"),
        ('{"api_key": "canary-1", "secret": 5}', "a text that is not empty"),
        ('{"api_key": "canary-1", "secret": "  "}', "a text that is not empty"),
        ('["canary-1", "canary-2"]', "JSON object"),
        ('{"api_key": "canary-1", "secret": "canary-2", "passphrase": "canary-3"}', "no more"),
        (b"\xff\xfe canary", "not text"),
        ("x" * 20_000, "longer than"),
    ],
)
def test_credentials_that_cannot_be_read_are_refused_without_showing_them(
    run: Run, text: str | bytes, complaint: str
):
    make_user(run)
    base = ("accounts", "connect", "--user", "Ada", "--venue", "testvenue", "--environment", "sandbox")
    answer = run(*base, "--credentials-file", "-", stdin=text)
    assert answer.refused(complaint)
    assert "canary" not in answer.err


def test_accounts_that_no_venue_offers_are_refused(run: Run, tmp_path: Path):
    make_user(run)
    assert connect(run, user="Nobody").refused("no user is called 'Nobody'")
    assert connect(run, venue="mtgox").refused("there are paper, binance")
    assert connect(run, venue="coinbase", environment="sandbox").refused("not sandbox")
    assert connect(run, environment="moon").refused("'moon' is not one of", status=2)
    assert connect(run, venue="testvenue", environment="live").refused("needs a key")
    assert connect(
        run, "--credentials-file", str(tmp_path / "none"), venue="testvenue", environment="live"
    ).refused("No such file")
    assert connect(run, "--credentials-file", "-").refused("takes no key")
    for balance in ("NaN", "-1", "0", "Infinity", "1e400", "many"):
        assert connect(run, "--balance", balance).refused("--balance", status=2)
    assert rows_of(accounts.Account).count_documents({}) == 0


def test_a_key_cannot_be_taken_without_a_public_key_to_seal_it(run: Run, environment: pytest.MonkeyPatch):
    make_user(run)
    environment.delenv("CREDENTIAL_PUBLIC_KEYS")
    base = ("accounts", "connect", "--user", "Ada", "--venue", "testvenue", "--environment", "sandbox")
    assert run(*base, "--credentials-file", "-", stdin=KEYS).refused("CREDENTIAL_PUBLIC_KEYS")
    environment.setenv("CREDENTIAL_PUBLIC_KEYS", "rubbish")
    assert run(*base, "--credentials-file", "-", stdin=KEYS).refused("key 1 of 1")
    assert rows_of(credentials.Credential).count_documents({}) == 0


def test_a_bot_keeps_its_sizing_and_settings_as_the_pipeline_reads_them(run: Run):
    user_id, provider_id = make_user(run), make_provider(run)
    account_id = connect(run).row["id"]
    made = run(
        *("bots", "create", "--user", "Ada", "--provider", "Alpha", "--account", "Paper trading paper"),
        *(
            "--sizing",
            "risk:1.5",
            "--set",
            "max_open_positions=7",
            "--set",
            "allowed_symbols=BTC/USDT,AAPL",
            "--json",
        ),
    ).row
    (bot,) = bots.find_active(bots.active_ids_of(provider_id))
    assert (bot.trading_bot_id, bot.user_id, bot.account_id) == (made["trading_bot_id"], user_id, account_id)
    assert bot.sizing == Sizing(SizingMethod.RISK, Decimal("1.5"))
    assert bot.settings == BotSettings(max_open_positions=7, allowed_symbols=("BTC/USDT", "AAPL"))
    kinds = {row["kind"] for row in rows_of(UsageEvent).find({"user_id": user_id})}
    assert kinds == {"account_connected", "bot_created", "follow"}


def test_bots_that_name_the_wrong_things_are_refused(run: Run):
    make_user(run)
    make_user(run, "100000000000000002", "Eve")
    make_provider(run)
    account_id = connect(run).row["id"]
    base = ("bots", "create", "--provider", "Alpha", "--account", account_id)
    assert run(*base, "--user", "Eve", "--sizing", "risk:1").refused("no account")
    assert run(*base, "--user", "Ada", "--sizing", "all-in").refused("sizing must be", status=2)
    assert run(*base, "--user", "Ada", "--sizing", "risk:NaN").refused("not a finite number", status=2)
    assert run(*base, "--user", "Ada", "--sizing", "percent:101").refused("100 percent", status=2)
    assert run(*base, "--user", "Ada", "--sizing", "risk:1", "--set", "leverage=3").refused(
        "--set help", status=2
    )
    assert run(*base, "--user", "Ada", "--sizing", "risk:1").status == 0
    assert run(*base, "--user", "Ada", "--sizing", "risk:2").refused("already")


def test_two_users_of_one_name_must_be_named_by_id(run: Run):
    first = make_user(run, "1")
    make_user(run, "2")
    assert connect(run).refused("several users are called 'Ada'")
    assert connect(run, user=first).status == 0
    assert connect(run, user="2").status == 0


def test_the_settings_are_listed_without_anything_else(run: Run):
    listed = run("bots", "create", "--set", "help", "--json").rows
    assert {row["name"] for row in listed} >= {"max_open_positions", "missing_stop"}
    assert all(row["meaning"] for row in listed)
    assert "max_signal_age_seconds" in run("followers", "create", "--set=help").out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("users", "create"), "--discord-id"),
        (("users", "create", "--discord-id", "", "--name", "x"), "is no id"),
        (("users", "create", "--discord-id", "1", "--name", "\x1b[31mred"), "printable"),
        (("users", "create", "--discord-id", "1", "--name", "x" * 81), "printable"),
        (("users", "create", "--discord-id", "1", "--name", "x", "--tier", "gold"), "gold"),
        (("users", "destroy"), "it has create"),
        (("users", "create", "--discord-id", "1", "--name", "x", "surplus"), "surplus"),
    ],
)
def test_wrong_use_is_one_line_and_exit_status_2(run: Run, arguments: tuple[str, ...], complaint: str):
    assert run(*arguments).refused(complaint, status=2)
