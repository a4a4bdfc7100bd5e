"""Rows that need a house of their own kind: three mongods, an answer that gets lost, two sealing keys, a web page
beside a frozen Redis, another venue beside one that hangs.
"""

import tempfile
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from shared.vault import generate_key_pair
from tests.emulators.discord.snowflakes import snowflake_time
from tests.faults import bursts, replica, server_blows
from tests.faults.clock import ShiftedClock
from tests.faults.doors import Discord, Inbox, Told
from tests.faults.judge import percentile
from tests.faults.lossy_proxy import LossyProxy, address_of
from tests.faults.scenario import run, trials_of
from tests.faults.stage import Stage
from tests.faults.watch import calm_together
from tests.house.house import House
from tests.house.population import Provider
from tests.waiting import wait_until

TEAMS = (2, 1, 1)
_WEB_SECONDS = 20.0
_REST_SECONDS = 120.0
_JUMP_SECONDS = 4.0


def play_step_downs(name: str, row: str, *, times: int, seed: int) -> Stage:
    """Let the primary of three step down in the middle of a burst; returns the stage as it was left."""
    with Stage(name, {row: TEAMS}, seed=seed, before_launch=replica.add_members) as stage:
        lines = bursts.compose(teams=len(TEAMS))
        run(stage, row, lines, Discord(), partial(replica.step_down, stage, row, times), strike_at=0.2)
        stage.write_report()
    return stage


def play_lost_answers(name: str, row: str, *, times: int, seed: int) -> Stage:
    """Lose the answers of claims that have committed: nobody may send on a claim that he does not know to be his."""
    proxies: list[LossyProxy] = []
    stages: list[Stage] = []

    def put_between(house: House, stack: ExitStack) -> None:
        target = address_of(house.env["MONGODB_URI"])
        proxy = LossyProxy(target, _is_claim, lambda: stages[0].note(row, "a claim's answer lost"))
        stack.callback(proxy.close)
        proxy.start()
        proxies.append(proxy)
        address = f"127.0.0.1:{target[1]}"
        uri = house.env["MONGODB_URI"].replace(address, f"127.0.0.1:{proxy.port}")
        # Members of a set name themselves, and the driver would go to them past the proxy.
        house.env["MONGODB_URI"] = uri.replace("replicaSet=rs0", "directConnection=true")

    def lose(stage: Stage) -> float:
        proxies[0].to_lose = times
        deadline = time.monotonic() + _WEB_SECONDS * 3
        while proxies[0].to_lose and time.monotonic() < deadline:
            time.sleep(0.1)
        return time.time()

    with Stage(name, {row: (1, 1)}, seed=seed, before_launch=put_between) as stage:
        stages.append(stage)
        lines = bursts.compose(teams=2)
        run(stage, row, lines, Inbox(per_second=20), partial(lose, stage), strike_at=0)
        stage.write_report()
    return stage


def _is_claim(request: bytes) -> bool:
    return b"claim_id" in request and b"$currentDate" in request and b"update" in request


def play_rotations(name: str, row: str, *, times: int, seed: int) -> Stage:
    """Have every credential sealed under a newer key while orders go out with them."""
    pair = generate_key_pair()

    def give_keys(house: House, _stack: ExitStack) -> None:
        """Sealed under one pair so far; the processes seal under the newer one, named last, and open both."""
        old_public, old_private = house.env["CREDENTIAL_PUBLIC_KEYS"], house.env["CREDENTIAL_PRIVATE_KEYS"]
        house.env["CREDENTIAL_PUBLIC_KEYS"] = f"{old_public},{pair.public_key}"
        house.env["CREDENTIAL_PRIVATE_KEYS"] = f"{old_private},{pair.private_key.get_secret_value()}"

    def rotate(stage: Stage) -> float:
        stage.note(row, "rotation")
        done = stage.house.flask("credentials", "rotate", "--json")
        stage.figures.append({"row": row, "rotated": done.rows[-1] if done.rows else done.stderr[-300:]})
        return time.time()

    with Stage(name, {row: (times, times)}, seed=seed, before_launch=give_keys) as stage:
        lines = bursts.compose(60, teams=2)
        run(stage, row, lines, Inbox(per_second=10), partial(rotate, stage), strike_at=0.3)
        stage.write_report()
    return stage


def play_frozen_redis(name: str, row: str, *, seconds: float, seed: int) -> Stage:
    """Freeze Redis under load while somebody reads the web page: no request may hang."""
    with Stage(name, {row: (1, 1)}, seed=seed, with_web=True) as stage:
        reader = _Reader(f"{stage.house.web_url}/readyz")
        reader.start()
        lines = bursts.compose(60, teams=2)
        blow = partial(server_blows.freeze_redis, stage, row, seconds)
        run(stage, row, lines, Discord(), blow, strike_at=0.3)
        took = reader.stop()
        stage.figures.append(
            {"row": row, "pages": len(took), "page_p99": percentile(took, 99), "page_max": max(took)}
        )
        stage.write_report()
    return stage


class _Reader(threading.Thread):
    """Asks for a page again and again, and notes how long each answer took, good or bad."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url, self._ended, self._took = url, threading.Event(), list[float]()

    def run(self) -> None:
        """Ask until told to stop."""
        while not self._ended.wait(0.05):
            began = time.monotonic()
            try:
                with urllib.request.urlopen(self._url, timeout=_WEB_SECONDS):
                    pass
            except (urllib.error.URLError, TimeoutError):
                pass  # refused or late: its time counts all the same
            self._took.append(time.monotonic() - began)

    def stop(self) -> list[float]:
        """End and return the seconds."""
        self._ended.set()
        self.join()
        return self._took


def play_hanging_venue(name: str, row: str, *, followers: int, seed: int) -> Stage:
    """Let Binance hang on every entry of one crew, while another crew trades on paper through the same workers."""
    side: list[Provider] = []

    def add_side(house: House, _stack: ExitStack) -> None:
        side.append(house.create_provider("paper side"))
        many = ("--count", str(followers), "--first", "50000", "--provider", side[0].provider_id)
        where = ("--venue", "paper", "--environment", "paper", "--sizing", "fixed:50")
        house.cli("followers", "create", *many, *where, "--set", "max_open_positions=1000")

    with Stage(name, {row: (followers,)}, seed=seed, before_launch=add_side) as stage:
        [hung] = stage.crews[row].providers
        for content in _signals("BTC/USDT", "ETH/USDT", "SOL/USDT"):
            # The first ones warm what is warm in a system that runs.
            before = _placed_seconds(stage, side[0], content, followers)
        stage.venue_of(row).add_fault(
            "hang_all",
            **stage.crews[row].rig.entry,
            keys=sorted(stage.crews[row].keys),
            seconds=20,
            times_each=1,
        )
        message_id = stage.house.post(hung, bursts.signal(1))["id"]
        told = [Told(hung.channel_id, message_id, snowflake_time(message_id))]
        stage.note_trials(trials_of(stage.crews[row], told))
        time.sleep(1.0)  # by now the first waves hang
        # What was said a minute ago would be a repeat.
        others = _signals("XRP/USDT", "ADA/USDT", "LINK/USDT")
        during = [second for text in others for second in _placed_seconds(stage, side[0], text, followers)]
        assert calm_together(stage.house.open_database(), [stage.crews[row]], _REST_SECONDS)
        p95 = [percentile(seconds, 95) or 0.0 for seconds in (before, during)]
        stage.figures.append(
            {
                "row": row,
                "p95_before": p95[0],
                "p95_while_it_hangs": p95[1],
                "ratio": round(p95[1] / p95[0], 2),
            }
        )
        stage.write_report()
    return stage


def _signals(*symbols: str) -> list[str]:
    return [f"{symbol} long now, stop -3%" for symbol in symbols]


def _placed_seconds(stage: Stage, provider: Provider, content: str, followers: int) -> list[float]:
    """Say a signal to the crew on paper; return the seconds from its record to each entry's acceptance."""
    database = stage.house.open_database()
    message_id = stage.house.post(provider, content)["id"]
    query = {"message_id": message_id, "purpose": "entry", "accepted_at": {"$ne": None}}
    wait_until(
        lambda: database["orders"].count_documents(query) >= followers,
        "every entry on paper",
        seconds=_REST_SECONDS,
    )
    recorded = database["messages"].find_one({"message_id": message_id})
    assert recorded is not None
    return [
        (row["accepted_at"] - recorded["recorded_at"]).total_seconds()
        for row in database["orders"].find(query)
    ]


def play_clock_jumps(name: str, row: str, *, hours: int, seed: int) -> Stage:
    """Set the wall clock of every process of ours back by an hour, and on again, in the middle of a burst."""
    with tempfile.TemporaryDirectory(prefix="trade-executor-clock-") as folder:
        clock = ShiftedClock(Path(folder))

        def jump(stage: Stage) -> float:
            for seconds in (-3600 * hours, 0) * 2:
                clock.set(seconds)
                stage.note(row, f"wall clock {seconds:+d} s")
                time.sleep(_JUMP_SECONDS)
            return time.time()

        with Stage(name, {row: TEAMS}, seed=seed, environment=clock.environment) as stage:
            lines = bursts.compose(teams=len(TEAMS))
            run(stage, row, lines, Inbox(per_second=15), partial(jump, stage), strike_at=0.2)
            stage.write_report()
    return stage
