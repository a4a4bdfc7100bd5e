"""Accounts on a real database: two signals at once cannot both take the same money."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.accounts import Account, AccountStatus, Reservation
from shared.models import accounts
from shared.models.accounts import Account as AccountDocument
from shared.models.accounts import BalanceRead
from shared.models.mapping import rows_of, to_row
from tests.integration.shared.models.at_once import THREADS, all_at_once
from tests.unit.shared.domain.builders import NOW, make_account

HELD = Reservation("trade", "BTC/USDT", Decimal("100.5"), Decimal(5), NOW)


def stored(account_id: str = "account", **changes: object) -> Account:
    account = make_account(account_id=account_id, **changes)
    rows_of(AccountDocument).insert_one({**to_row(account, "account_id"), "created_at": NOW})
    return account


def found(account_id: str = "account") -> Account:
    account = accounts.find(account_id)
    assert account is not None
    return account


class TestReserve:
    def test_of_eight_that_judged_one_version_one_wins(self):
        account = stored()
        won = all_at_once(lambda n: accounts.reserve({"account": (account.version, {f"intent{n}": HELD})}))
        assert sorted(map(len, won)) == [0] * (THREADS - 1) + [1]
        assert list(found().reservations) == [f"intent{won.index({'account'})}"]
        assert found().version == account.version + 1

    def test_what_an_earlier_pass_stored_counts_as_won(self):
        account = stored()
        assert accounts.reserve({"account": (account.version, {"a": HELD, "b": HELD})}) == {"account"}
        assert accounts.reserve({"account": (account.version, {"a": HELD, "b": HELD})}) == {"account"}
        assert found().version == account.version + 1

    def test_a_part_of_ones_own_is_not_the_whole(self):
        account = stored(reservations={"a": HELD})
        assert accounts.reserve({"account": (account.version - 1, {"a": HELD, "b": HELD})}) == set()

    def test_many_accounts_are_won_or_lost_each_for_itself(self):
        fresh, moved = stored("fresh"), stored("moved")
        accounts.touch("moved")
        wanted = {a.account_id: (a.version, {"i": HELD}) for a in (fresh, moved)}
        assert accounts.reserve(wanted) == {"fresh"}
        assert (set(found("fresh").reservations), found("moved").reservations) == ({"i"}, {})

    def test_what_is_read_back_is_what_was_reserved_to_the_last_digit(self):
        account = stored()
        accounts.reserve({"account": (account.version, {"i": HELD})})
        assert found().reservations == {"i": HELD}
        assert found().available() == Decimal("9899.5")

    def test_an_account_that_is_gone_and_an_empty_wish_win_nothing(self):
        assert accounts.reserve({"no such": (1, {"i": HELD})}) == set()
        assert accounts.reserve({}) == set()


class TestRelease:
    def test_it_gives_back_what_is_named_and_may_be_repeated(self):
        stored(reservations={"a": HELD, "b": HELD})
        for _ in range(2):
            accounts.release("account", ["a"])
        assert set(found().reservations) == {"b"}

    def test_whoever_judged_the_state_before_it_loses(self):
        account = stored(reservations={"a": HELD})
        accounts.release("account", ["a"])
        assert accounts.reserve({"account": (account.version, {"b": HELD})}) == set()

    def test_releasing_nothing_changes_nothing(self):
        account = stored()
        accounts.release("account", [])
        assert found() == account

    def test_accounts_that_hold_something_are_listed_and_others_not(self):
        for name in ("holding", "released"):
            stored(name)
            assert accounts.reserve({name: (1, {"a": HELD})}) == {name}
        stored("empty")
        accounts.release("released", ["a"])
        assert [account.account_id for account in accounts.holding_reservations(10)] == ["holding"]


class TestBalance:
    def record(self, total: int, at: datetime, *release: str) -> None:
        accounts.record_balances([BalanceRead("account", Decimal(total), Decimal(total), at, release)])

    def test_the_newest_reading_wins_in_whatever_order_they_arrive(self):
        stored(balance_at=None)
        for seconds in (5, 9, 7):
            self.record(seconds, NOW + timedelta(seconds=seconds))
        assert (found().balance_total, found().balance_at) == (9, NOW + timedelta(seconds=9))

    def test_of_eight_readings_at_once_the_newest_stays(self):
        stored(balance_at=None)
        all_at_once(lambda n: self.record(n, NOW + timedelta(seconds=n)))
        assert found().balance_total == THREADS - 1

    def test_it_gives_back_what_had_ended_before_it_in_the_same_write(self):
        stored(reservations={"ended": HELD, "alive": HELD})
        self.record(1, NOW + timedelta(seconds=1), "ended")
        assert set(found().reservations) == {"alive"}

    def test_an_older_reading_gives_nothing_back(self):
        account = stored(reservations={"ended": HELD})
        self.record(1, NOW - timedelta(seconds=1), "ended")
        assert found() == account


def test_a_status_that_changes_outdates_every_judgement():
    account = stored()
    accounts.set_status("account", AccountStatus.NEEDS_REAUTH, "refused")
    assert found().status is AccountStatus.NEEDS_REAUTH
    assert accounts.reserve({"account": (account.version, {"i": HELD})}) == set()


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_paging_meets_every_active_account_once(limit: int):
    for name in "abcde":
        stored(name, status=AccountStatus.REVOKED if name == "c" else AccountStatus.ACTIVE)
    met: list[str] = []
    while page := accounts.all_active(met[-1] if met else "", limit):
        met += [account.account_id for account in page]
    assert met == ["a", "b", "d", "e"]
