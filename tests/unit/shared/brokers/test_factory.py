"""Which broker an account gets, what is refused, and that keys never show."""

from decimal import Decimal

import pytest

from shared.brokers.catalogue import VENUES, check_environment, find_venue, list_venues
from shared.brokers.factory import AccountAccess, BrokerFactory, Credentials, load_adapters
from shared.brokers.paper_state import POT_ASSET
from shared.domain.accounts import Environment
from shared.domain.cover import CoverStyle
from shared.domain.errors import PermanentError
from shared.domain.instruments import AssetClass
from shared.domain.orders import TimeInForce
from tests.conformance.contract import STAGES

MODULE = "tests.emulators.venue.adapter"
URL = "http://127.0.0.1:1"


def access(venue: str, environment: Environment, *, key: bool = True) -> AccountAccess:
    return AccountAccess("a1", venue, environment, Credentials("load-1", "hush") if key else None, URL)


def code_of(factory: BrokerFactory, wanted: AccountAccess) -> str:
    with pytest.raises(PermanentError) as refused:
        factory.open_broker(wanted)
    return refused.value.code


def test_an_adapter_from_outside_the_tree_is_registered_by_its_module_name() -> None:
    factory = BrokerFactory(load_adapters([MODULE]))
    assert factory.open_broker(access("testvenue", Environment.LIVE)) is not None
    row = factory.find_capabilities("testvenue", Environment.LIVE, AssetClass.CRYPTO)
    assert row is not None
    assert row.cover is CoverStyle.LINKED
    assert factory.find_capabilities("testvenue", Environment.LIVE, AssetClass.STOCK) is None


def test_a_venue_from_outside_takes_real_money_only_once_it_is_vouched_for() -> None:
    factory = BrokerFactory(load_adapters([MODULE]), without_live={"testvenue"})
    assert code_of(factory, access("testvenue", Environment.LIVE)) == "ENVIRONMENT_NOT_OFFERED"
    assert factory.open_broker(access("testvenue", Environment.SANDBOX)) is not None
    assert ("testvenue", Environment.LIVE) not in factory.own_environments()
    assert not list_venues([MODULE])["testvenue"].offers(Environment.LIVE)
    assert list_venues([MODULE], ["testvenue"])["testvenue"].offers(Environment.LIVE)
    with pytest.raises(PermanentError, match="LIVE_VENUES names it"):
        check_environment(list_venues([MODULE])["testvenue"], Environment.LIVE)


def test_every_venue_of_the_tree_that_takes_real_money_plays_the_contract_cards() -> None:
    takes = {name for name, venue in VENUES.items() if venue.offers(Environment.LIVE)}
    assert takes
    assert takes <= STAGES.keys()


@pytest.mark.parametrize("module", ["tests.emulators.venue.rows", "no.such.module"])
def test_a_module_without_an_adapter_is_named_in_the_error(module: str) -> None:
    with pytest.raises(PermanentError, match=module) as refused:
        load_adapters([module])
    assert refused.value.code == "UNKNOWN_VENUE"


def test_unknown_venues_environments_and_missing_keys_are_refused_by_name() -> None:
    factory = BrokerFactory(load_adapters([MODULE]))
    assert code_of(factory, access("mtgox", Environment.LIVE)) == "UNKNOWN_VENUE"
    assert code_of(factory, access("binance", Environment.LIVE)) == "ENVIRONMENT_NOT_OFFERED"
    assert code_of(factory, access("testvenue", Environment.LIVE, key=False)) == "CREDENTIALS_MISSING"
    # No paper adapter was handed in here.
    assert code_of(factory, access("binance", Environment.PAPER)) == "ENVIRONMENT_NOT_OFFERED"


def test_every_listed_venue_offers_paper_trading_for_its_asset_classes() -> None:
    for name in VENUES:
        venue = find_venue(name)
        check_environment(venue, Environment.PAPER)
        for row in venue.rows:
            paper = venue.capabilities(Environment.PAPER, row.asset_class)
            assert paper is not None
            assert paper.cover is CoverStyle.LINKED
            assert row.venue == name


def test_each_environment_of_a_venue_has_a_row_of_its_own() -> None:
    binance = find_venue("binance")
    for environment in (Environment.SANDBOX, Environment.LIVE):
        check_environment(binance, environment)
        row = binance.capabilities(environment, AssetClass.CRYPTO)
        assert row is not None
        assert (row.cover, row.replaces_stops, row.resolve_after_seconds) == (CoverStyle.PAIRED, True, 30)
    with pytest.raises(PermanentError, match="Coinbase offers paper, live, not sandbox"):
        check_environment(find_venue("coinbase"), Environment.SANDBOX)


@pytest.mark.parametrize(
    ("asset_class", "quantity", "cover", "longest", "calendar"),
    [
        (AssetClass.STOCK, "3", CoverStyle.SINGLE, TimeInForce.GTC, "XNYS"),
        (AssetClass.STOCK, "3.5", CoverStyle.SINGLE, TimeInForce.DAY, "XNYS"),
        (AssetClass.CRYPTO, "0.1", CoverStyle.SINGLE, TimeInForce.GTC, ""),
        (AssetClass.OPTION, "1", CoverStyle.MANAGED, TimeInForce.DAY, "XNYS"),
    ],
)
def test_alpaca_has_a_row_for_each_family_and_for_parts_of_a_share(
    asset_class: AssetClass, quantity: str, cover: CoverStyle, longest: TimeInForce, calendar: str
) -> None:
    for environment in (Environment.SANDBOX, Environment.LIVE):
        row = find_venue("alpaca").capabilities(environment, asset_class, Decimal(quantity))
        assert row is not None
        assert (row.cover, row.longest_time_in_force, row.calendar) == (cover, longest, calendar)
        assert (row.client_id_unique_for_good, row.takes_expiry, row.resolve_after_seconds) == (
            True,
            False,
            120,
        )
        assert (row.shorts, row.max_leverage) == (False, 1)
        assert (row.stop_limit_percent is not None) == (asset_class is AssetClass.CRYPTO)
    assert find_venue("alpaca").capabilities(Environment.LIVE, AssetClass.OPTION, Decimal("0.5")) is None


def test_money_on_paper_is_called_as_our_book_calls_it_whatever_the_venues_own_is() -> None:
    alpaca = find_venue("alpaca")
    assert (alpaca.money(Environment.PAPER), alpaca.money(Environment.LIVE)) == (POT_ASSET, "USD")


def test_every_environment_that_is_offered_trades_something() -> None:
    for venue in VENUES.values():
        for environment in venue.environments:
            assert [row for row in venue.rows if environment in row.environments], (venue.name, environment)
    with pytest.raises(PermanentError):
        find_venue("mtgox")


def test_credentials_never_show_themselves() -> None:
    shown = f"{access('testvenue', Environment.LIVE)!r} {Credentials('load-1', 'hush')}"
    assert "***" in shown
    assert "hush" not in shown
    assert "load-1" not in shown
