"""`python -m tests.demo`: set everything up, tell the story, account for every message, then keep running.

With DEMO_EXIT=1 it ends after the last message, with exit status 0 only if every message is accounted for.
WEB_PORT and FLOWER_PORT choose the ports; else free ones are taken.
"""

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import Any

from shared.database import connect
from shared.local import DEFAULT_FOLDER, PROJECT
from shared.programs import LocalServerError
from shared.tasks import TaskName
from tests.demo.accounting import Judgement, Rule, judge
from tests.demo.market import Market
from tests.demo.messages import FALLING, FIRST_ACT, FLOATING, LIFTED, RISING, SECOND_ACT
from tests.demo.record import Record, read_record, write_record
from tests.demo.screen import Screen
from tests.demo.setting import Setting, create_followers, create_rooms
from tests.demo.steps import Step
from tests.demo.story import Story
from tests.demo.summary import figures_of, print_findings, print_summary
from tests.demo.table import list_lines, print_table
from tests.house.house import House
from tests.house.readiness import NotReady

FOLDER = DEFAULT_FOLDER / "demo"
REPORTS = PROJECT / "reports" / "demo"
PRICE_SEED = "7"
_CALM_SECONDS = 30.0
_LOOK_SECONDS = 0.4


def _prepare(step: Step, market: Market) -> None:
    """Choose the coin whose price is about to move as the message needs it."""
    match step.key:
        case "rise":
            market.choose_riser("UP", RISING)
        case "fall":
            market.choose_faller("DOWN", FALLING)
        case "lift":
            market.choose_floater("LIFT", LIFTED)
        case "float":
            market.choose_floater("FLOAT", FLOATING)


def _open_house() -> House:
    ports = {name: os.environ[name] for name in ("WEB_PORT", "FLOWER_PORT") if os.environ.get(name)}
    settings = {"DEMO": "1", "PRICE_SEED": PRICE_SEED, **ports}
    return House(FOLDER, database="demo", settings=settings, gentle=True)


def _set_up(house: House, screen: Screen) -> Setting:
    with screen.phase("rooms", "Three communities on the emulated Discord, a provider in each"):
        rooms = create_rooms(house)
    with screen.phase("followers", "Three followers with paper accounts and bots, one of them halted"):
        followers = create_followers(house, rooms)
    with screen.phase("processes", "Web, bot, beat, Flower and a worker for each of eight queues"):
        house.wait_until_ready()
    with screen.phase("balances", "Every balance read, every channel watched"):
        house.wait_for_balances()
        house.wait_until_watched()
    return Setting(rooms, followers)


def _tell(house: House, screen: Screen, setting: Setting) -> Story:
    story = Story(house.discord, setting.rooms, PRICE_SEED)
    acts = (("Signals, chatter and trouble", FIRST_ACT), ("Edits, replies, a delete", SECOND_ACT))
    for text, steps in acts:
        with screen.phase("messages", f"{text}: {len(steps)} steps"):
            _post(story, screen, steps)
        with screen.phase("settling", "Every order filled or resting, every position covered"):
            house.run("wait", "--idle", "--timeout", str(_CALM_SECONDS))
            _wait_until_calm(story, setting)
    return story


def _post(story: Story, screen: Screen, steps: Sequence[Step]) -> None:
    with screen.counting("posted", len(steps)) as count:
        story.play(steps, _prepare, lambda played: count.advance(played.step.key))


def _wait_until_calm(story: Story, setting: Setting) -> tuple[Record, Judgement]:
    """Read and judge until nothing moves any more, or the time is over; the last judgement counts."""
    deadline = time.monotonic() + _CALM_SECONDS
    moving = {Rule.LOST, Rule.UNANSWERED, Rule.UNFINISHED, Rule.UNCOVERED}
    while True:
        record = read_record()
        judgement = judge(story.played, record, setting.names)
        is_calm = not any(finding.rule in moving for finding in judgement.findings)
        if is_calm or time.monotonic() > deadline:
            return record, judgement
        time.sleep(_LOOK_SECONDS)


def _account(house: House, screen: Screen, story: Story, setting: Setting) -> tuple[Record, Judgement]:
    """Read every balance once more, which gives back what filled orders had reserved, and judge."""
    with screen.phase("accounting", "Every message, order and position accounted for"):
        house.ring(TaskName.ACCOUNTS_REFRESH, [follower.account_id for follower in setting.followers])
        deadline = time.monotonic() + _CALM_SECONDS
        while True:
            record, judgement = _wait_until_calm(story, setting)
            if not judgement.count(Rule.RESERVED) or time.monotonic() > deadline:
                return record, judgement
            time.sleep(_LOOK_SECONDS)


def _report(house: House, screen: Screen, story: Story, setting: Setting, began: float) -> dict[str, Any]:
    record, judgement = _account(house, screen, story, setting)
    lines = list_lines(story.played, record, setting.names)
    screen.say("")
    print_table(screen.console, lines, [follower.name for follower in setting.followers])
    seconds = {**screen.seconds, "total": round(time.monotonic() - began, 1)}
    figures = figures_of(story.played, record, judgement, seconds)
    print_findings(screen, judgement)
    print_summary(screen, house, figures)
    _keep(house, record, figures)
    return figures


def _keep(house: House, record: Record, figures: dict[str, Any]) -> None:
    shutil.rmtree(REPORTS, ignore_errors=True)
    write_record(record, REPORTS)
    (REPORTS / "summary.json").write_text(json.dumps(figures, indent=2) + "\n")
    shutil.copy(house.folder / "processes.log", REPORTS / "processes.log")
    house.copy_discord_log(REPORTS / "discord.jsonl")


def _run(screen: Screen) -> int:
    began = time.monotonic()
    house = _open_house()
    try:
        with screen.phase("servers", "Redis, MongoDB and an emulated Discord, on free ports"):
            house.start()
        connect(house.env["MONGODB_URI"])
        setting = _set_up(house, screen)
        story = _tell(house, screen, setting)
        figures = _report(house, screen, story, setting, began)
        if not os.environ.get("DEMO_EXIT"):
            _keep_running(house, screen)
    finally:
        with screen.phase("stopping", "Everything stopped"):
            house.stop()
    print(json.dumps(figures), flush=True)
    return 0 if figures["accounted_for"] else 1


def _keep_running(house: House, screen: Screen) -> None:
    screen.say("\nRunning until Ctrl-C.")
    try:
        screen.say(house.wait_for_failure())
    except KeyboardInterrupt:
        screen.say("")


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run the demo; return its exit status."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # A shell starts what it puts into the background with Ctrl-C ignored.
        signal.signal(number, _leave)
    screen = Screen()
    try:
        return _run(screen)
    except (LocalServerError, NotReady) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
