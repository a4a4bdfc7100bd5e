"""The gates, in order: each passes or denies with a reason, and the first denial ends the walk (DESIGN 7).

A gate sees everything about one signal for one trading bot and says what it looked at and what it was held against,
so that a receipt explains itself.
"""

from shared.domain import gates_of_rights as rights
from shared.domain import gates_of_risk as risk
from shared.domain import gates_of_time as time
from shared.domain import margin
from shared.domain.errors import Denial
from shared.domain.facts import Facts
from shared.domain.gate import Gate
from shared.domain.receipts import GateResult, Verdict

GATES: tuple[tuple[str, Gate], ...] = (
    ("duplicate", rights.check_duplicate),
    ("halt", rights.check_halt),
    ("account", rights.check_account),
    ("right_to_follow", rights.check_right_to_follow),
    ("plan_limit", rights.check_plan_limit),
    ("confidence", rights.check_confidence),
    ("symbol_allowed", rights.check_symbol_allowed),
    ("tradable", rights.check_tradable),
    ("staleness", time.check_staleness),
    ("drift", time.check_drift),
    ("trading_hours", time.check_trading_hours),
    ("session", time.check_session),
    ("stop", risk.check_stop),
    ("liquidation", margin.check_liquidation),
    ("cover_speed", risk.check_cover_speed),
    ("netting", risk.check_netting),
    ("max_open_positions", risk.check_max_open),
    ("max_per_symbol", risk.check_max_per_symbol),
    ("daily_loss", risk.check_daily_loss),
    ("users_daily_loss", risk.check_users_daily_loss),
    ("portfolio_risk", risk.check_portfolio_risk),
    ("sizing", risk.check_sizing),
    ("ladder", risk.check_ladder),
    ("buying_power", risk.check_buying_power),
)


def run_gates(facts: Facts) -> tuple[tuple[GateResult, ...], Denial | None]:
    """Walk the gates in order; those after the first denial are marked as skipped."""
    results: list[GateResult] = []
    denial: Denial | None = None
    for name, gate in GATES:
        if denial is not None:
            results.append(GateResult(name, "", "", Verdict.SKIPPED))
            continue
        seen = gate(facts)
        denial = seen.denial
        results.append(
            GateResult(name, seen.input, seen.threshold, Verdict.DENIED if denial else Verdict.PASSED)
        )
    return tuple(results), denial
