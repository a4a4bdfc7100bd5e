"""Which trades are under a halt that lets nothing of their provider's run."""

from collections.abc import Sequence

from shared.domain.halts import HaltState, scopes_of, strictest
from shared.domain.trades import Trade
from shared.models import halts, providers
from shared.models.together import run


def halted_trades(found: Sequence[Trade]) -> set[str]:
    """Return the ids of those trades for which a halt is in force that stops exits a provider asks for."""
    in_force = halts.in_force() if found else []
    if not in_force:
        return set()
    known = run(providers.finding_many({trade.provider_id for trade in found}))
    halted = set()
    for trade in found:
        terms = known.get(trade.provider_id)
        scopes = scopes_of(
            community_id=terms.community_id if terms else None,
            provider_id=trade.provider_id,
            user_id=trade.user_id,
            account_id=trade.account_id,
        )
        halt = strictest(in_force, scopes)
        if halt is not None and halt.state is HaltState.HALTED:
            halted.add(trade.trade_id)
    return halted
