"""Setup against an emulated Discord and real servers: each answer is checked at once, nothing is lost."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values

from shared.local import PROJECT
from shared.models.mapping import rows_of
from shared.models.users import User
from shared.programs import free_port
from tests.emulators.discord.client import DiscordControl
from tests.integration.web.commands.conftest import Answer, Run

pytestmark = pytest.mark.usefixtures("empty_servers")

TOKEN = "a-token.of-the.emulated-bot"
ADMIN = "100000000000000001"


@pytest.fixture(scope="module")
def discord() -> Iterator[dict[str, Any]]:
    """The emulator as a process of its own."""
    command = [sys.executable, "-m", "tests.emulators.discord", "--port", "0", "--token", TOKEN]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    """Where the file is to be."""
    return tmp_path / ".env"


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    """The bot's token as an operator keeps it."""
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    return path


def set_up(run: Run, env_file: Path, *more: str, stdin: str | None = None) -> Answer:
    ports = ("--web-port", str(free_port()), "--flower-port", str(free_port()))
    given = () if "--web-port" in more or env_file.exists() else ports
    return run(
        "setup", "--env-file", str(env_file), "--non-interactive", "--json", *given, *more, stdin=stdin
    )


def test_one_call_writes_a_file_the_settings_accept_and_names_bot_and_invite(
    run: Run, env_file: Path, token_file: Path, discord: dict[str, Any], redis_url: str, mongodb_uri: str
):
    discord_flags = ("--discord-token-file", str(token_file), "--discord-api-url", discord["url"])
    servers = ("--redis-url", redis_url, "--mongodb-uri", mongodb_uri)
    answer = set_up(
        run, env_file, *discord_flags, *servers, "--admin-discord-id", ADMIN, "--admin-name", "Ada"
    ).row
    written = dotenv_values(env_file)
    assert written["DISCORD_BOT_TOKEN"] == TOKEN
    assert written["DISCORD_CLIENT_ID"] == discord["application_id"]
    assert (written["REDIS_URL"], written["MONGODB_URI"]) == (redis_url, mongodb_uri)
    assert answer["bot"]
    assert answer["message_content_intent"] is True
    assert f"client_id={discord['application_id']}" in answer["invite_url"]
    assert "permissions=68608" in answer["invite_url"]
    assert TOKEN not in json.dumps(answer)
    admin = rows_of(User).find_one({"discord_id": ADMIN})
    assert admin is not None
    assert (admin["_id"], admin["is_admin"], admin["name"]) == (answer["admin_user_id"], True, "Ada")


def test_a_second_call_changes_nothing_and_promotes_a_user_who_is_there(
    run: Run, env_file: Path, mongodb_uri: str
):
    user = run("users", "create", "--discord-id", ADMIN, "--name", "Ada", "--json").row
    assert set_up(run, env_file, "--mongodb-uri", mongodb_uri).row["generated"] != []
    before = env_file.read_text()
    answer = set_up(run, env_file, "--admin-discord-id", ADMIN).row
    assert (answer["generated"], answer["admin_user_id"]) == ([], user["id"])
    assert env_file.read_text() == before
    stored = rows_of(User).find_one({"_id": user["id"]})
    assert stored is not None
    assert stored["is_admin"] is True


def test_flags_replace_what_is_there_only_by_force(run: Run, env_file: Path):
    set_up(run, env_file)
    other = str(free_port())
    assert set_up(run, env_file, "--web-port", other).refused("WEB_PORT is set in the file already")
    secret = dotenv_values(env_file)["SECRET_KEY"]
    assert set_up(run, env_file, "--web-port", other, "--force").status == 0
    assert dotenv_values(env_file)["WEB_PORT"] == other
    assert dotenv_values(env_file)["SECRET_KEY"] == secret


def test_a_wrong_token_is_refused_and_nothing_is_written(
    run: Run, env_file: Path, token_file: Path, discord: dict[str, Any]
):
    token_file.write_text("canary-wrong-token")
    flags = ("--discord-token-file", str(token_file))
    answer = set_up(run, env_file, *flags, "--discord-api-url", discord["url"])
    assert answer.refused("refuses this token")
    assert "canary" not in answer.err
    nowhere = f"http://127.0.0.1:{free_port()}/api/v10"
    assert set_up(run, env_file, *flags, "--discord-api-url", nowhere).refused("does not answer")
    assert set_up(run, env_file, "--discord-token-file", "/no/such/file").refused("cannot be read")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mute = f"http://127.0.0.1:{silent.getsockname()[1]}/api/v10"
        assert set_up(run, env_file, *flags, "--discord-api-url", mute).refused("does not answer: timed out")
    assert not env_file.exists()


def test_a_missing_message_content_intent_is_told(
    run: Run, env_file: Path, token_file: Path, discord: dict[str, Any]
):
    control = DiscordControl(discord["url"])
    control.set_privileged_intents([])
    try:
        flags = ("--discord-token-file", str(token_file), "--discord-api-url", discord["url"])
        assert set_up(run, env_file, *flags).row["message_content_intent"] is False
    finally:
        control.set_privileged_intents(["message_content"])


def test_the_environment_names_discord_when_no_flag_does(
    run: Run, env_file: Path, token_file: Path, discord: dict[str, Any], environment: pytest.MonkeyPatch
):
    environment.setenv("DISCORD_API_URL", discord["url"])
    assert set_up(run, env_file, "--discord-token-file", "-", stdin=TOKEN).row["bot"]
    assert dotenv_values(env_file)["DISCORD_API_URL"] == discord["url"]


def test_answers_that_do_not_work_are_refused_one_by_one(run: Run, env_file: Path, redis_url: str):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert set_up(run, env_file, "--web-port", port).refused("is taken")
    assert set_up(run, env_file, "--web-port", "99999").refused("between 1 and 65535")
    away = f"127.0.0.1:{free_port()}"
    assert set_up(run, env_file, "--redis-url", f"redis://{away}").refused("REDIS_URL: Redis does not answer")
    assert set_up(run, env_file, "--mongodb-uri", f"mongodb://{away}").refused("MongoDB does not answer")
    assert set_up(run, env_file, "--mongodb-uri", redis_url).refused("must start with mongodb://")
    assert set_up(run, env_file, "--discord-client-id", "Ada#1").refused("15 to 21 digits")
    assert not env_file.exists()


def test_without_a_database_it_says_how_to_make_the_admin_later(
    run: Run, env_file: Path, environment: pytest.MonkeyPatch
):
    environment.setenv("MONGODB_URI", f"mongodb://127.0.0.1:{free_port()}/x")
    answer = run(
        *("setup", "--env-file", str(env_file), "--non-interactive", "--web-port", str(free_port())),
        *("--flower-port", str(free_port()), "--admin-discord-id", ADMIN),
    )
    assert answer.status == 0
    assert f"users create --discord-id {ADMIN}" in answer.out
    assert env_file.exists()


def test_questions_are_asked_until_the_answer_works(run: Run, env_file: Path, mongodb_uri: str):
    ports = [str(free_port()), str(free_port())]
    typed = ["", "", "", "99999", *ports, "local", mongodb_uri, ADMIN]
    answer = run("setup", "--env-file", str(env_file), "--json", stdin="\n".join(typed) + "\n")
    assert answer.status == 0, answer.err
    assert "between 1 and 65535" in answer.err
    assert json.loads(answer.out.splitlines()[-1])["admin_user_id"]
    written = dotenv_values(env_file)
    assert [written["WEB_PORT"], written["FLOWER_PORT"]] == ports
    assert (written["REDIS_URL"], written["MONGODB_URI"]) == ("", mongodb_uri)
