"""Entries with quantities: never dearer or riskier than allowed, and never too small to be covered."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.bots import BotSettings, Sizing, SizingMethod
from shared.domain.errors import Denial
from shared.domain.signals import Side
from shared.domain.sized_entry import size_entry
from tests.unit.shared.domain.builders import make_account, make_bot, make_facts, make_instrument, make_signal

LOTS = st.sampled_from([Decimal(1), Decimal("0.01"), Decimal("0.00001")])
ENTRIES = st.lists(st.integers(60, 140).map(Decimal), max_size=4).map(tuple)


@given(
    method=st.sampled_from([SizingMethod.FIXED, SizingMethod.PERCENT, SizingMethod.RISK]),
    amount=st.integers(1, 100).map(Decimal),
    cap=st.integers(1, 100).map(Decimal),
    entry=ENTRIES,
    side=st.sampled_from(Side),
    distance=st.integers(1, 55).map(Decimal),
    lot=LOTS,
    minimum=st.sampled_from([0, 5, 400]),
    equity=st.integers(100, 50_000).map(Decimal),
)
def test_an_entry_never_costs_or_risks_more_than_the_bot_allows_however_its_legs_fall(
    method: SizingMethod,
    amount: Decimal,
    cap: Decimal,
    entry: tuple[Decimal, ...],
    side: Side,
    distance: Decimal,
    lot: Decimal,
    minimum: int,
    equity: Decimal,
):
    far = min(entry, default=Decimal(99)) if side is Side.BUY else max(entry, default=Decimal(101))
    stop = far - distance if side is Side.BUY else far + distance
    bot = make_bot(sizing=Sizing(method, amount), settings=BotSettings(max_position_percent=cap))
    sized = size_entry(
        make_facts(
            signal=make_signal(side=side, entry=entry, stop_loss=stop),
            bot=bot,
            account=make_account(balance_total=equity),
            instrument=make_instrument(lot=lot, minimum_notional=Decimal(minimum)),
        )
    )
    if isinstance(sized, Denial):
        assert sized.code == "BELOW_MINIMUM"
        return
    assert sized.notional <= equity * cap / 100
    if method is SizingMethod.RISK:
        assert sized.risk <= equity * amount / 100
    else:
        assert sized.notional <= (amount if method is SizingMethod.FIXED else equity * amount / 100)
    assert sized.quantity == sum(size for _, size in sized.legs)
    assert all(size % lot == 0 and size * leg.price >= minimum for leg, size in sized.legs)
    # What each leg leaves after commission can be sold at its stop.
    assert all(size * min(leg.price, stop) >= minimum for leg, size in sized.legs)


def test_the_legs_of_a_zone_have_their_weights():
    zone = make_signal(entry=(Decimal(98), Decimal(99)), stop_loss=Decimal(90))
    bot = make_bot(
        settings=BotSettings(entry_split=(Decimal(3), Decimal(1)), max_position_percent=Decimal(100))
    )
    sized = size_entry(make_facts(signal=zone, bot=bot))
    assert not isinstance(sized, Denial)
    low, high = (size for _, size in sized.legs)
    assert abs(low / high - 3) < Decimal("0.01")
