"""Our way to write a query says what ccxt's own would: what is signed must be what the venue reads."""

from ccxt.async_support.binance import binance
from hypothesis import given
from hypothesis import strategies as st

from shared.brokers.ccxt.binance_client import BinanceClient

_NAMES = st.text("abcXYZ", min_size=1, max_size=8)
_PLAIN = st.text("abcXYZ019_.~-", max_size=12)
_VALUES = st.one_of(_PLAIN, st.text(max_size=12), st.integers(), st.booleans(), st.floats(allow_nan=False))


@given(st.dictionaries(_NAMES, _PLAIN | st.integers(0, 10**13), max_size=8))
def test_a_query_without_anything_to_escape_is_written_as_ccxt_writes_it(params: dict[str, object]):
    assert BinanceClient.urlencode(params) == binance.urlencode(params)


@given(st.dictionaries(_NAMES, _VALUES, max_size=8))
def test_whatever_the_values_are_the_query_is_ccxts(params: dict[str, object]):
    assert BinanceClient.urlencode(params) == binance.urlencode(params)
