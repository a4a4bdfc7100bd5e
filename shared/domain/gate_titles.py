"""What each line of a receipt is about, for people: a title, and the line as a sentence."""

from shared.domain.receipts import GateResult, Verdict

TITLES: dict[str, str] = {
    "duplicate": "New content",
    "halt": "No halt",
    "account": "Account ready",
    "right_to_follow": "May follow",
    "plan_limit": "Plan limit",
    "confidence": "Reading sure",
    "symbol_allowed": "Symbol filter",
    "tradable": "Tradable",
    "staleness": "Fresh",
    "drift": "No run since",
    "trading_hours": "Trading hours",
    "session": "Exchange open",
    "stop": "Stop",
    "liquidation": "Liquidation",
    "cover_speed": "Cover in time",
    "netting": "No opposite",
    "max_open_positions": "Open positions",
    "max_per_symbol": "Per symbol",
    "daily_loss": "Day's loss",
    "users_daily_loss": "All accounts' loss",
    "portfolio_risk": "Risk in all",
    "sizing": "Size",
    "ladder": "Legs",
    "buying_power": "Buying power",
    "confirmation": "Confirmed",
    "update": "Update",
}


def title_of(name: str) -> str:
    """Return the title of a receipt's line; one that has none is written as words."""
    return TITLES.get(name) or name.replace("_", " ").capitalize()


def describe_line(gate: GateResult) -> str:
    """Write a line of a receipt as a sentence: what was seen, and what it was held against."""
    title = title_of(gate.name)
    if gate.verdict is Verdict.SKIPPED:
        return f"{title}: not looked at any more."
    verdict = "passed" if gate.verdict is Verdict.PASSED else "denied"
    return f"{title}: {verdict}. Seen: {gate.input}; held against: {gate.threshold}."
