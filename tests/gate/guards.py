"""The guards of the order path, and how to remove each: data only.

A patch replaces text that stands exactly once in its file. `tests` are those that are expected to notice, the quickest
first; a guard that they do not miss is no guard, or has no test.
"""

from dataclasses import dataclass

MODELS = "tests/integration/shared/models"
PIPELINE = "tests/integration/worker/pipeline"
BINANCE = "tests/integration/worker/binance"
BROKERS = "tests/integration/brokers"
DOMAIN = "tests/unit/shared/domain"


@dataclass(frozen=True, slots=True)
class Patch:
    """One replacement in one file."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Guard:
    """What is removed, and where that is to be noticed."""

    name: str
    patches: tuple[Patch, ...]
    tests: tuple[str, ...]


CLAIMS = "shared/models/claims.py"
LOOK = "worker/pipeline/last_look.py"
RESOLVE = "worker/pipeline/resolve.py"
HOLDING = "shared/domain/holding.py"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "claim: only what nobody has claimed",
        (
            Patch(
                CLAIMS,
                '        "status": str(OrderStatus.INITIALIZED),\n        "version": version,\n',
                "",
            ),
        ),
        (f"{MODELS}/test_orders.py",),
    ),
    Guard(
        "claim: what is written claimed is its inserter's alone",
        (Patch(CLAIMS, " if order.order_id not in refused]", "]"),),
        (f"{MODELS}/test_orders.py",),
    ),
    Guard(
        "never sent again from UNKNOWN",
        (
            Patch(
                CLAIMS,
                '    query = {"_id": {"$in": list(order_ids)}, "status": str(OrderStatus.INITIALIZED)}\n    rows = ',
                '    query = {"_id": {"$in": list(order_ids)}}\n    rows = ',
            ),
            Patch(
                CLAIMS,
                '        "status": str(OrderStatus.INITIALIZED),\n        "version": version,\n',
                '        "version": version,\n',
            ),
        ),
        (f"{MODELS}/test_orders.py",),
    ),
    Guard(
        "expiry: nothing is claimed past its time",
        (Patch(CLAIMS, '{"$gt": ["$send_by", "$$NOW"]}', "True"),),
        (f"{MODELS}/test_orders.py",),
    ),
    Guard(
        "send deadline: no first byte after the window",
        (Patch("shared/brokers/gate.py", "if late >= 0:", "if False:"),),
        ("tests/unit/shared/brokers/test_gate.py", f"{PIPELINE}/test_retries.py"),
    ),
    Guard(
        "waiting window: a silence is no proof before W",
        (
            Patch(
                RESOLVE,
                "return database_time - sent_at >= timedelta(seconds=_window_seconds(context, order))",
                "return True",
            ),
        ),
        (f"{PIPELINE}/test_doubt.py",),
    ),
    Guard(
        "second endpoint: one not-found is not enough",
        (
            Patch(
                RESOLVE,
                "        listed = await asyncio.wait_for(_second_endpoint(broker, order), READ_SECONDS)\n",
                "        listed = None\n",
            ),
        ),
        (f"{PIPELINE}/test_doubt.py", f"{BINANCE}/test_doubt.py"),
    ),
    Guard(
        "unique rows: one entry for an account and a message",
        (Patch("shared/models/orders.py", '                "unique": True,\n', ""),),
        (f"{MODELS}/test_orders.py", f"{PIPELINE}/test_one_signal.py"),
    ),
    Guard(
        "unique rows: an execution counts once",
        (
            Patch(
                "worker/pipeline/apply.py",
                "fill_id=fill_id(order.account_id, r.symbol, r.venue_order_id, r.venue_fill_id)",
                'fill_id=__import__("uuid").uuid4().hex',
            ),
            Patch(
                "shared/models/fills.py",
                '{"fields": ["account_id", "symbol", "venue_order_id", "venue_fill_id"], "unique": True}',
                '{"fields": ["account_id", "symbol", "venue_order_id", "venue_fill_id"]}',
            ),
        ),
        (f"{PIPELINE}/test_apply.py",),
    ),
    Guard(
        "a byte that may have left is doubt",
        (Patch("shared/brokers/http.py", "    if not departure.has_left:\n", "    if True:\n"),),
        (f"{BROKERS}/test_transport.py",),
    ),
    Guard(
        "the transport checks the key",
        (
            Patch(
                "shared/brokers/http.py",
                "        if headers.get(self.header) != self.key:\n",
                "        if False:\n",
            ),
        ),
        (f"{BROKERS}/test_binance_keys.py",),
    ),
    Guard(
        "tokens before the claim",
        (
            Patch(
                "worker/pipeline/lines.py",
                "        wave = [wave[place] for place in grant.places]\n",
                "",
            ),
        ),
        (f"{BINANCE}/test_limits.py",),
    ),
    Guard(
        "the last look reads halts",
        (
            Patch(
                LOOK,
                'return "HALT" if halt is not None and halt.state is not HaltState.ACTIVE else None',
                "return None",
            ),
        ),
        (f"{PIPELINE}/test_one_signal.py",),
    ),
    Guard(
        "the last look reads deletes",
        (Patch(LOOK, "if deletes.get(order.order_id) in deleted:", "if False:"),),
        (f"{PIPELINE}/test_revisions.py", f"{PIPELINE}/test_one_signal.py"),
    ),
    Guard(
        "an entry waits for an unknown one on its symbol",
        (
            Patch(
                LOOK,
                "elif order.purpose is Purpose.ENTRY and (order.account_id, order.symbol) in unknown:",
                "elif False:",
            ),
        ),
        (f"{PIPELINE}/test_entries.py",),
    ),
    Guard(
        "a target is never sent without its stop",
        (
            Patch(
                LOOK,
                "                _hand_back(order, PAIR_BROKEN)\n            continue\n",
                "                ready.append(Ready(order, brokers[order.account_id]))  # type: ignore[arg-type]\n            continue\n",
            ),
        ),
        (f"{BINANCE}/test_doubt.py",),
    ),
    Guard(
        "a target goes with its stop and not once more alone",
        (
            Patch(LOOK, "if order.pair_id and order.purpose is Purpose.TARGET:", "if False:"),
            # Alone, as it once did: not as a pair with itself, which no adapter would write.
            Patch(LOOK, "if order.pair_id else None", "if order.purpose is Purpose.STOP else None"),
        ),
        (f"{BINANCE}/test_cover.py",),
    ),
    Guard(
        "a reservation is for the state that was judged",
        (
            Patch(
                "shared/models/accounts.py",
                '            {"version": version},\n            {"holds"',
                '            {},\n            {"holds"',
            ),
        ),
        (f"{MODELS}/test_accounts.py",),
    ),
    Guard(
        "a trade is written as it was read",
        (
            Patch(
                "shared/models/trades.py",
                '            trade_id,\n            {"version": trade.version},\n',
                '            trade_id,\n            {},\n',
            ),
        ),
        (f"{MODELS}/test_records.py", f"{PIPELINE}/test_sweep.py"),
    ),
    Guard(
        "rows changed together change only as they were read",
        (
            Patch(
                "shared/models/changes.py",
                '{"$in": [change.row_id for change in group]}, **group[0].stands}',
                '{"$in": [change.row_id for change in group]}}',
            ),
        ),
        (f"{MODELS}/test_changes.py",),
    ),
    Guard(
        "nothing is sold that another order holds",
        (Patch(HOLDING, "    if leaving.quantity <= desk.free:\n", "    if True:\n"),),
        (f"{DOMAIN}/test_holding.py", f"{DOMAIN}/test_trade_state.py"),
    ),
    Guard(
        "what is free is covered, and no more",
        (Patch(HOLDING, "    free = desk.free\n", "    free = desk.trade.coverable\n"),),
        (f"{DOMAIN}/test_holding.py", f"{DOMAIN}/test_trade_state.py"),
    ),
    Guard(
        "a fill after an end counts",
        (
            Patch(
                "shared/domain/order_status.py",
                "    S.CANCELED: _LATE_FILL,\n",
                "    S.CANCELED: frozenset(),\n",
            ),
        ),
        (f"{DOMAIN}/test_order_status.py", f"{DOMAIN}/test_orders.py"),
    ),
    Guard(
        "a filled quantity never falls",
        (
            Patch(
                "shared/domain/orders.py",
                "filled = max(order.filled_quantity, report.filled_quantity)",
                "filled = report.filled_quantity",
            ),
        ),
        (f"{DOMAIN}/test_orders.py",),
    ),
    Guard(
        "a count without executions is covered",
        (Patch("shared/domain/fills.py", "    if quantity <= ZERO or average is None:\n", "    if True:\n"),),
        (f"{DOMAIN}/test_fills.py",),
    ),
    Guard(
        "a key that may withdraw is not used",
        (Patch("worker/pipeline/keys.py", "    if answer.can_withdraw:\n", "    if False:\n"),),
        (f"{BINANCE}/test_refusals.py",),
    ),
    Guard(
        "a position is gone only when it is seen twice",
        (
            Patch(
                "worker/pipeline/external.py",
                "    if trade.gone_since is None:\n",
                "    if False:\n",
            ),
        ),
        (f"{BINANCE}/test_outside.py",),
    ),
)
