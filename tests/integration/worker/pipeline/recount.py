"""Recounts a provider's record from raw rows, on purely its own terms: none of our rules, models or folds is imported.

Fractions instead of decimals, one clock for all positions instead of one after the other, and what is alive is known
by being there. Only where the specification rounds (eight places of a position, cents and four places of the record)
does it round.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

from pymongo.database import Database

Row = dict[str, Any]
FEE = Fraction(1, 1000)
DEFAULT_STOP = {"crypto": 5, "stock": 4, "option": 30, "forex": Fraction(1, 2)}


def number(stored: Any) -> Fraction | None:
    return None if stored is None else Fraction(str(stored))


def rounded(value: Fraction, places: int) -> Decimal:
    exact = Context(prec=60).divide(Decimal(value.numerator), Decimal(value.denominator))
    return exact.quantize(Decimal(1).scaleb(-places))


@dataclass
class Paper:
    """One signal on paper, changed as time passes."""

    key: tuple[str, str, str]
    symbol: str
    up: int
    posted: datetime
    limit: Fraction | None
    breakout: bool
    stop: Fraction | None
    stop_percent: Fraction
    targets: list[Fraction]
    state: str = "waiting"
    entry: Fraction = Fraction(0)
    risk: Fraction = Fraction(0)
    held: Fraction = Fraction(0)
    shares: list[Fraction] = field(default_factory=list)
    sold: list[tuple[Fraction, Fraction]] = field(default_factory=list)
    last: Fraction | None = None
    last_at: datetime | None = None
    ended: datetime | None = None

    def level(self, entry: Fraction) -> Fraction:
        return self.stop if self.stop is not None else entry * (1 - self.up * self.stop_percent / 100)

    def beyond(self, price: Fraction, mark: Fraction) -> bool:
        """Whether a price is at a mark or further in the position's own direction."""
        return (price - mark) * self.up >= 0

    def finish(self, state: str, at: datetime) -> None:
        self.state, self.ended = state, at

    def sell(self, share: Fraction, price: Fraction, at: datetime) -> None:
        self.sold.append((share, price))
        self.held -= share
        if self.held == 0:
            self.finish("closed", at)

    def result(self) -> Decimal:
        money = -100 * FEE
        for share, price in self.sold:
            worth = 100 * share * price / self.entry
            money += self.up * (worth - 100 * share) - FEE * worth
        return rounded(money, 8)

    def multiple(self) -> Decimal:
        return rounded(Fraction(self.result()) / (100 * self.risk / self.entry), 8)


def recount(database: Database[Row], provider_id: str, horizon: datetime, now: datetime) -> Row:
    """Return every figure of the record, with prices up to the minute `horizon`."""
    papers = replay(database, provider_id, horizon)
    closed = sorted((p for p in papers if p.state == "closed"), key=lambda p: (p.ended, p.result()))
    states = [paper.state for paper in papers]
    return {
        "counts": {
            "signals": len(papers),
            "entered": states.count("open") + states.count("closed"),
            "missed": states.count("missed"),
            "waiting": states.count("waiting"),
            "unpriced": states.count("unpriced"),
        },
        "whole": figures(closed),
        "last_30_days": figures([p for p in closed if p.ended and p.ended > now - timedelta(days=30)]),
        "last_90_days": figures([p for p in closed if p.ended and p.ended > now - timedelta(days=90)]),
        "followers": followers(database, provider_id, now - timedelta(days=90)),
        "messages": messages(database, provider_id, now - timedelta(days=90)),
    }


def figures(closed: list[Paper]) -> Row:
    results = [Fraction(paper.result()) for paper in closed]
    multiples = [Fraction(paper.multiple()) for paper in closed]
    won, lost = [r for r in results if r > 0], [-r for r in results if r <= 0]
    return {
        "closed": len(results),
        "wins": len(won),
        "win_rate": rounded(Fraction(len(won), len(results)), 4) if results else None,
        "average_r": rounded(sum(multiples, Fraction(0)) / len(multiples), 4) if multiples else None,
        "average_win": rounded(sum(won, Fraction(0)) / len(won), 2) if won else None,
        "average_loss": rounded(sum(lost, Fraction(0)) / len(lost), 2) if lost else None,
        "profit_factor": rounded(sum(won, Fraction(0)) / sum(lost), 4) if any(lost) else None,
        "total": rounded(sum(results, Fraction(0)), 2),
        "drawdown": rounded(fall(results), 2),
        "drawdown_r": rounded(fall(multiples), 4),
    }


def fall(steps: list[Fraction]) -> Fraction:
    heights = [sum(steps[:end], Fraction(0)) for end in range(len(steps) + 1)]
    return max(max(heights[: i + 1]) - height for i, height in enumerate(heights))


def replay(database: Database[Row], provider_id: str, horizon: datetime) -> list[Paper]:
    """Let the minutes pass from the first post to the horizon, for all positions together."""
    candles = {(row["symbol"], row["minute"]): row for row in database["candles"].find({"venue": "paper", "environment": "paper"})}
    coming = opened(database, provider_id)
    said = sayings(database, provider_id)
    papers: list[Paper] = []
    minute = min((paper.posted for paper in coming), default=horizon).replace(second=0, microsecond=0)
    while minute <= horizon:
        after = minute + timedelta(minutes=1)
        papers += [paper for paper in coming if minute <= paper.posted < after]
        for paper in papers:
            if paper.ended is None:
                pass_minute(paper, candles.get((paper.symbol, minute)), minute)
        for at, _, event in said:
            if minute <= at < after:
                hear(papers, at, event)
        minute = after
    # What was posted after the horizon waits for its first minute.
    return papers + [paper for paper in coming if paper.posted >= minute]


def opened(database: Database[Row], provider_id: str) -> list[Paper]:
    """Find the signals that count: opens that were not held back, the first reading of each message, no repeat."""
    first: dict[tuple[str, str, str], Row] = {}
    for row in database["signals"].find({"provider_id": provider_id}).sort("revision", 1):
        first.setdefault((row["source"], row["channel_id"], row["message_id"]), row)
    opens = [row for row in first.values() if row["signal"] and row["signal"]["action"] == "open"]
    counted: dict[str, datetime] = {}
    papers = []
    for row in sorted(opens, key=lambda row: row["posted_at"]):
        signal = row["signal"]
        same = str([signal[name] for name in ("symbol", "side", "entry", "stop_loss", "take_profits")])
        is_repeat = same in counted and row["posted_at"] - counted[same] < timedelta(minutes=10)
        if number(signal["confidence"]) >= Fraction(1, 2) and not is_repeat:  # type: ignore[operator]
            counted[same] = row["posted_at"]
            papers.append(paper_of(row))
    return papers


def paper_of(row: Row) -> Paper:
    signal = row["signal"]
    up = -1 if signal["side"] == "sell" else 1
    prices = [Fraction(str(price)) for price in signal["entry"]]
    breakout = bool(prices) and signal["trigger"] == ("above" if up == 1 else "below")
    nearest = None if not prices else prices[0] if breakout else max(prices, key=lambda price: price * up)
    return Paper(
        key=(row["source"], row["channel_id"], row["message_id"]),
        symbol=signal["symbol"],
        up=up,
        posted=row["posted_at"],
        limit=nearest,
        breakout=breakout,
        stop=number(signal["stop_loss"]),
        stop_percent=number(signal["stop_loss_pct"]) or Fraction(DEFAULT_STOP["crypto"]),
        targets=[Fraction(str(price)) for price in signal["take_profits"]],
    )


def pass_minute(paper: Paper, candle: Row | None, minute: datetime) -> None:
    since = paper.last_at or paper.posted.replace(second=0, microsecond=0)
    if minute - since > timedelta(hours=1):
        paper.finish("unpriced", since + timedelta(hours=1))
    elif candle is not None:
        low, high, start, close = (Fraction(str(candle[name])) for name in ("low", "high", "open", "close"))
        is_first = paper.last_at is None
        paper.last, paper.last_at = close, minute
        worst, best = (low, high) if paper.up == 1 else (high, low)
        if paper.state == "open":
            exits(paper, start, worst, best, minute)
        else:
            enters(paper, (start, worst, best, close), minute, is_first=is_first)


def enters(paper: Paper, prices: tuple[Fraction, ...], minute: datetime, *, is_first: bool) -> None:
    start, worst, best, close = prices
    if is_first:
        worst = best = close
    if paper.limit is None:
        return enter(paper, close, minute)
    if not is_first and minute >= paper.posted + timedelta(hours=4):
        return paper.finish("missed", minute)
    reached = paper.beyond(best, paper.limit) if paper.breakout else not above(paper, worst, paper.limit)
    if not is_first and reached:
        later = start if paper.breakout and paper.beyond(start, paper.limit) else paper.limit
        enter(paper, later, minute)
        if paper.state == "open" and paper.stop is not None and not above(paper, worst, paper.stop):
            paper.sell(Fraction(1), paper.stop, minute)
        return None
    passed = not above(paper, worst, paper.level(paper.limit))
    if passed or any(paper.beyond(best, target) for target in paper.targets):
        paper.finish("missed", minute)
    return None


def above(paper: Paper, price: Fraction, mark: Fraction) -> bool:
    """Whether a price is strictly on the better side of a mark."""
    return (price - mark) * paper.up > 0


def enter(paper: Paper, price: Fraction, minute: datetime) -> None:
    stop = paper.level(price)
    if not above(paper, price, stop) or any(not above(paper, target, price) for target in paper.targets):
        return paper.finish("missed", minute)
    paper.state, paper.entry, paper.held = "open", price, Fraction(1)
    paper.stop, paper.risk = stop, abs(price - stop)
    aim(paper, paper.targets)
    return None


def aim(paper: Paper, targets: list[Fraction]) -> None:
    paper.targets = sorted(set(targets), key=lambda price: price * paper.up)
    paper.shares = [paper.held / len(paper.targets) for _ in paper.targets]


def exits(paper: Paper, start: Fraction, worst: Fraction, best: Fraction, minute: datetime) -> None:
    assert paper.stop is not None
    if not above(paper, worst, paper.stop):
        return paper.sell(paper.held, paper.stop if above(paper, start, paper.stop) else start, minute)
    while paper.targets and paper.beyond(best, paper.targets[0]):
        target, share = paper.targets.pop(0), paper.shares.pop(0)
        paper.sell(share if paper.targets else paper.held, target, minute)
    return None


def sayings(database: Database[Row], provider_id: str) -> list[tuple[datetime, str, Row]]:
    """List what was said later in its order: closes and updates once a message, edits, deletes."""
    posts = {row["_id"]: row for row in database["messages"].find({"provider_id": provider_id})}
    told: list[tuple[datetime, str, Row]] = []
    before: dict[tuple[str, str, str], Row] = {}
    for row in database["signals"].find({"provider_id": provider_id}).sort("revision", 1):
        key = (row["source"], row["channel_id"], row["message_id"])
        post, signal = posts[row["row_id"]], row["signal"]
        if key in before:
            at = post["edited_at"] or post["recorded_at"]
            told.append((at, row["row_id"], {"edit": key, "old": before[key], "new": signal}))
        elif signal and signal["action"] != "open" and Fraction(str(signal["confidence"])) >= Fraction(1, 2):
            for place, command in enumerate([signal, *signal["also"]]):
                parent = (row["source"], row["channel_id"], post["reply_to"])
                told.append((row["posted_at"], f"{row['_id']}:{place:02d}", {"said": command, "to": parent}))
        before[key] = signal
    deleted = [post for post in posts.values() if post["event"] == "delete"]
    told += [
        (p["recorded_at"], p["_id"], {"gone": (p["source"], p["channel_id"], p["message_id"])})
        for p in deleted
    ]
    return sorted(told, key=lambda item: item[:2])


def hear(papers: list[Paper], at: datetime, event: Row) -> None:
    alive = [paper for paper in papers if paper.ended is None and paper.posted <= at]
    if "gone" in event or "edit" in event:
        for paper in alive:
            if paper.key == (event.get("gone") or event.get("edit")):
                changes(paper, at, event)
        return
    command, parent = event["said"], event["to"]
    if any(paper.key == parent for paper in papers):
        meant = [paper for paper in alive if paper.key == parent]
    else:
        meant = [paper for paper in alive if paper.symbol == command["symbol"]]
        meant = meant if len(meant) == 1 else []
    for paper in meant:
        obey(paper, at, command)


def changes(paper: Paper, at: datetime, event: Row) -> None:
    new, old = event.get("new"), event.get("old")
    same_entry = new and old and all(new[name] == old[name] for name in ("side", "symbol", "entry"))
    if not same_entry:
        if paper.state == "waiting":
            paper.finish("missed", at)
        return
    assert new
    assert old
    if new["stop_loss"] is not None and new["stop_loss"] != old["stop_loss"]:
        move(paper, Fraction(str(new["stop_loss"])))
    if new["take_profits"] and new["take_profits"] != old["take_profits"]:
        retarget(paper, new["take_profits"])


def obey(paper: Paper, at: datetime, command: Row) -> None:
    kind = command["update_kind"] or "close_all"
    if kind in {"close_all", "close_partial"} and paper.state == "open":
        share = Fraction(1) if kind == "close_all" else number(command["close_fraction"]) or Fraction(1, 2)
        assert paper.last is not None
        paper.shares = [part * (1 - share) for part in paper.shares]
        paper.sell(paper.held * share, paper.last, at)
    elif kind in {"close_all", "cancel"} and paper.state == "waiting":
        paper.finish("missed", at)
    elif kind == "move_stop_to_breakeven" and paper.state == "open":
        move(paper, paper.entry)
    elif kind == "move_stop" and command["stop_loss"] is not None:
        move(paper, Fraction(str(command["stop_loss"])))
    elif kind == "set_take_profit" and command["take_profits"]:
        retarget(paper, command["take_profits"])


def move(paper: Paper, price: Fraction) -> None:
    waits_at = paper.limit if paper.state == "waiting" else None
    if waits_at is not None and not above(paper, waits_at, price):
        return
    stands = paper.stop if waits_at is None else paper.level(waits_at)
    if stands is None or above(paper, price, stands):
        paper.stop = price


def retarget(paper: Paper, stored: list[Any]) -> None:
    prices = [Fraction(str(price)) for price in stored]
    if paper.state == "open":
        aim(paper, prices)
    else:
        paper.targets = prices


def followers(database: Database[Row], provider_id: str, since: datetime) -> Row:
    closed = [
        row
        for row in database["trades"].find({"provider_id": provider_id})
        if row["status"] == "closed" and row["closed_at"] > since
    ]
    money = [Fraction(str(row["realised_pnl"])) for row in closed]
    multiples = [Fraction(str(row["r_multiple"])) for row in closed if row["r_multiple"] is not None]
    lost = -sum((m for m in money if m <= 0), Fraction(0))
    return {
        "closed": len(closed),
        "wins": sum(m > 0 for m in money),
        "win_rate": rounded(Fraction(sum(m > 0 for m in money), len(money)), 4) if money else None,
        "average_r": rounded(sum(multiples, Fraction(0)) / len(multiples), 4) if multiples else None,
        "profit_factor": rounded(sum((m for m in money if m > 0), Fraction(0)) / lost, 4) if lost else None,
    }


def messages(database: Database[Row], provider_id: str, since: datetime) -> Row:
    rows = [r for r in database["messages"].find({"provider_id": provider_id}) if r["posted_at"] > since]

    def distinct(chosen: list[Row]) -> int:
        return len({(row["channel_id"], row["message_id"]) for row in chosen})

    posts = [row for row in rows if row["event"] != "delete"]
    return {
        "messages": distinct(rows),
        "read": distinct([row for row in posts if row["status"] == "done" and row["signal_id"]]),
        "quarantined": distinct([row for row in rows if row["status"] == "quarantined"]),
        "edited": distinct([row for row in posts if row["revision"] > 0]),
        "deleted": distinct([row for row in rows if row["event"] == "delete"]),
    }
