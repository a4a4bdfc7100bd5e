"""Am I safe, and is anything wrong: halts in force, cover over all positions, and what needs a look."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.accounts import AccountStatus
from shared.domain.halts import Halt, HaltState, ScopeKind, parse_scope
from web.dashboard.book import Book
from web.dashboard.money_views import MoneyView
from web.dashboard.trade_views import CoverState, TradeCard


@dataclass(frozen=True, slots=True)
class HaltBanner:
    """One halt that applies to the user."""

    is_full: bool
    title: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CoverSummary:
    """Cover over all open positions; `since` is when the longest uncovered one lost its stop."""

    state: CoverState
    headline: str
    text: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that needs the user's look, with what it means."""

    title: str
    text: str


def halt_banners(
    halts: Sequence[Halt], book: Book, user_id: str, community_ids: Sequence[str]
) -> list[HaltBanner]:
    """List the halts that stop this user's trading, the strictest first."""
    accounts = {account.account_id: account.name for account in book.accounts}
    banners = []
    for halt in halts:
        kind, subject = parse_scope(halt.scope)
        where = _scope_in_words(kind, subject, accounts, book.provider_names, user_id, community_ids)
        if where is None:
            continue
        is_full = halt.state is HaltState.HALTED
        effect = (
            "No entries, and exits asked for by providers wait. Stops and your own closes go on."
            if is_full
            else "No new entries. Exits, stops and updates go on."
        )
        reason = f" Reason: {halt.reason}." if halt.reason else ""
        title = f"Trading is {'halted' if is_full else 'reduced to exits'} {where}"
        banners.append(HaltBanner(is_full, title, f"{effect}{reason}", halt.at))
    return sorted(banners, key=lambda banner: (not banner.is_full, banner.at))


def cover_summary(cards: Sequence[TradeCard]) -> CoverSummary:
    """Sum up cover: the worst position decides."""
    if not cards:
        return CoverSummary(CoverState.COVERED, "Nothing open", "No position needs a stop.")
    by_state = {state: [c for c in cards if c.cover.state is state] for state in CoverState}
    covered = len(by_state[CoverState.COVERED]) + len(by_state[CoverState.DUST])
    text = f"{covered} of {len(cards)} positions have their stop"
    for state in (CoverState.NAKED, CoverState.COVERING):
        listed = by_state[state]
        if listed:
            since = min(card.cover.since for card in listed if card.cover.since is not None)
            return CoverSummary(state, f"{len(listed)} {state}", text, since)
    return CoverSummary(CoverState.COVERED, "All covered", text)


def notices(book: Book, moneys: Sequence[MoneyView], cards: Sequence[TradeCard]) -> list[Notice]:
    """List what needs a look, the gravest first."""
    found = [
        Notice(f"{card.symbol} has no stop", f"{card.cover.text}. It is placed again until it stands.")
        for card in cards
        if card.cover.state is CoverState.NAKED
    ]
    for account in book.accounts:
        if account.status is AccountStatus.NEEDS_REAUTH:
            told = account.status_reason or "The venue refuses its key."
            found.append(Notice(f"{account.name} must be connected again", told))
        elif account.status is AccountStatus.REFUSED:
            found.append(Notice(f"{account.name} is not traded on", account.status_reason))
        elif account.status is AccountStatus.REVOKED:
            if any(trade.account_id == account.account_id for trade in book.trades):
                told = "What is open on it is not watched any more: look after it at the venue."
                found.append(Notice(f"{account.name} was disconnected", told))
        elif account.balance_total is None:
            found.append(
                Notice(f"{account.name} has no balance yet", "It is read from the venue in a moment.")
            )
    if any(money.is_stale for money in moneys):
        found.append(Notice("Prices are old", "Open results and equity are as of the last price seen."))
    return found


def _scope_in_words(
    kind: ScopeKind,
    subject: str,
    accounts: dict[str, str],
    providers: dict[str, str],
    user_id: str,
    community_ids: Sequence[str],
) -> str | None:
    match kind:
        case ScopeKind.GLOBAL:
            return "for everyone"
        case ScopeKind.USER:
            return "for you" if subject == user_id else None
        case ScopeKind.ACCOUNT:
            return f"on {accounts[subject]}" if subject in accounts else None
        case ScopeKind.PROVIDER:
            return f"for {providers[subject]}" if subject in providers else None
        case ScopeKind.COMMUNITY:
            return "for a community you follow" if subject in community_ids else None
