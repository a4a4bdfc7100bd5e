"""Rows that need a house of their own kind: three mongods, an answer that gets lost, two sealing keys, a web page
beside a frozen Redis, another venue beside one that hangs.
"""

import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from functools import partial

from shared.vault import generate_key_pair
from tests.faults import bursts, replica, server_blows
from tests.faults.doors import Discord, Inbox
from tests.faults.judge import percentile
from tests.faults.lossy_proxy import LossyProxy, address_of
from tests.faults.scenario import run
from tests.faults.stage import Stage
from tests.house.house import House

TEAMS = (2, 1, 1)
_WEB_SECONDS = 20.0


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
    pairs = [generate_key_pair() for _ in range(2)]

    def give_keys(house: House, _stack: ExitStack) -> None:
        """Sealed under the first pair so far; the processes seal under the second and open both."""
        old_public, old_private = house.env["CREDENTIAL_PUBLIC_KEYS"], house.env["CREDENTIAL_PRIVATE_KEYS"]
        house.env["CREDENTIAL_PUBLIC_KEYS"] = f"{pairs[0].public_key},{old_public}"
        house.env["CREDENTIAL_PRIVATE_KEYS"] = f"{pairs[0].private_key.get_secret_value()},{old_private}"

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
