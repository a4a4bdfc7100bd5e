"""The composition root: what a worker process holds, made once after fork and handed to the pipeline."""

import time
from collections.abc import Callable, Coroutine, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from zlib import crc32

from redis import Redis

from shared.brokers.adapters import own_adapters
from shared.brokers.base import Broker, LimitedMarket, MarketData, Quote
from shared.brokers.capabilities import Capabilities
from shared.brokers.codes import Doubt
from shared.brokers.factory import AccountAccess, BrokerFactory, load_adapters
from shared.brokers.paper import PaperAdapter
from shared.brokers.paper_matcher import PaperMatcher
from shared.brokers.paper_state import PaperRules
from shared.brokers.tape import TapeMarketData
from shared.brokers.weights import VenueLimits
from shared.database import connect
from shared.domain.accounts import Account, Environment
from shared.domain.cover import CoverTerms
from shared.domain.errors import PermanentError, RetryableError
from shared.domain.instruments import AssetClass, Instrument
from shared.domain.trades import Trade
from shared.models import credentials, orders
from shared.models.credentials import SealedCredential
from shared.settings import Settings
from shared.vault import PrivateKeys
from worker.late import LateAnswers
from worker.limits import Pot, RateTokens
from worker.loop import LoopThread
from worker.opening import open_login
from worker.paper_store import MongoPaperStore
from worker.quotes import QuoteBoard

Answer = TypeVar("Answer")

READ_SECONDS = 10.0
QUOTE_MAX_AGE_SECONDS = 2.0
# One signal is over in about this time: what it has to tell is told at once, when its orders are on their way.
GATHER_SECONDS = 0.1
_MOST_STEPS_BACK = 40
_BUSY_KEY = "dx:busy"
_BUSY_MILLISECONDS = 400
# As many orders in one wave belong to a fan-out.
_MANY = 10
INSTRUMENTS_MAX_AGE_SECONDS = 3600
_MOST_LATE_ENTRY_WAVES, _MOST_LATE_WAVES = 2, 6
_COUNT_SECONDS = 5.0
_BALANCE_MAX_AGE_SECONDS = 180
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.005, 1.0
# A venue that limits without saying for how long.
_UNTOLD_WAIT_SECONDS = 1.0
_TERMS_SECONDS = 60.0


def utc_now() -> datetime:
    """Return the present moment; the pure code gets it as an argument."""
    return datetime.now(UTC)


@dataclass
class Context:
    """Everything that touches the outside, for one process."""

    settings: Settings
    redis: Redis
    loop: LoopThread
    factory: BrokerFactory
    matcher: PaperMatcher
    quotes: QuoteBoard
    keys: PrivateKeys
    paper_store: MongoPaperStore
    tokens: RateTokens
    late: LateAnswers = field(default_factory=LateAnswers)
    gather_seconds: float = GATHER_SECONDS
    _brokers: dict[tuple[str, str | None], Broker] = field(default_factory=dict)
    _limits: dict[tuple[str, str], tuple[datetime, VenueLimits | None]] = field(default_factory=dict)
    _resting: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)
    _remembered: dict[str, tuple[float, Any]] = field(default_factory=dict)
    _terms: dict[Hashable, float] = field(default_factory=dict)
    _markets: dict[tuple[str, str], MarketData] = field(default_factory=dict)
    _instruments: dict[tuple[str, str], tuple[datetime, dict[str, Instrument | None]]] = field(
        default_factory=dict
    )

    def gather(self) -> None:
        """Wait until what comes close together is there, and let a fan-out go first; see `shared.gathering`."""
        time.sleep(self.gather_seconds)
        self.step_back()

    def step_back(self) -> None:
        """Let a fan-out go first: who only tells or counts takes the database's time from those who send.

        It waits while one is under way, for some seconds at most.
        """
        for _ in range(_MOST_STEPS_BACK):
            if not self.is_busy():
                return
            time.sleep(self.gather_seconds)

    def tell_busy(self, orders: int) -> None:
        """Say that a fan-out is under way, for some tenths of a second: those who only tell stand back."""
        if orders >= _MANY:
            self.redis.set(_BUSY_KEY, "1", px=_BUSY_MILLISECONDS)

    def is_busy(self) -> bool:
        """Tell whether a fan-out is under way, in whatever process."""
        return bool(self.redis.exists(_BUSY_KEY))

    def pause(self, seconds: float) -> None:
        """Let the task wait for a venue's tokens; always bounded by the task's own end."""
        time.sleep(min(max(seconds, _SHORTEST_PAUSE), _LONGEST_PAUSE))

    def broker(self, account: Account) -> Broker:
        """Return the account's broker; another credential means another broker, never changed keys.

        Raises
        ------
        PermanentError
            If the venue is unknown, the environment not offered, or the credential cannot be opened.
        """
        found = self.brokers([account])[account.account_id]
        if isinstance(found, PermanentError):
            raise found
        return found

    def brokers(self, wanted: Iterable[Account]) -> dict[str, Broker | PermanentError]:
        """Return the brokers of several accounts, by id, with what speaks against opening one; one query for all keys."""
        found: dict[str, Broker | PermanentError] = {}
        new: list[Account] = []
        for account in wanted:
            known = self._brokers.get((account.account_id, account.credential_id))
            if known is None:
                new.append(account)
            else:
                found[account.account_id] = known
        sealed = credentials.find_credentials({a.credential_id for a in new if a.credential_id}) if new else {}
        for account in new:
            try:
                broker = self._open_broker(account, sealed)
            except PermanentError as error:
                found[account.account_id] = error
            else:
                self._forget_broker(account.account_id)
                found[account.account_id] = self._brokers[account.account_id, account.credential_id] = broker
        return found

    def _forget_broker(self, account_id: str) -> None:
        # Refreshed tokens are another credential: those before them would stay for as long as the process.
        for key in [key for key in self._brokers if key[0] == account_id]:
            del self._brokers[key]

    def pot(self, venue: str, environment: str, account_id: str) -> Pot:
        """Return where an account's requests are counted: its venue, reached from the address that is its own."""
        return Pot(venue, environment, self.address(account_id) or "")

    def address(self, account_id: str) -> str | None:
        """Return the address of this host that an account's requests leave from; always the same, None for any."""
        addresses = self.settings.egress_addresses
        return addresses[crc32(account_id.encode()) % len(addresses)] if addresses else None

    def limits(self, pot: Pot) -> VenueLimits | None:
        """Return what a venue lets one address ask; None where it publishes nothing. Asked for once an hour."""
        key, now = (pot.venue, pot.environment), utc_now()
        known = self._limits.get(key)
        if known is None or (now - known[0]).total_seconds() > INSTRUMENTS_MAX_AGE_SECONDS:
            market = self.market(*key)
            limits = self.factory.find_venue(pot.venue).limits(Environment(pot.environment))
            if isinstance(market, LimitedMarket):
                limits = self.loop.run(market.fetch_limits(), READ_SECONDS)
            known = self._limits[key] = (now, limits)
        return known[1]

    def resting_entries(self, pot: Pot) -> int:
        """Return how many entries rest at a venue, counted some seconds ago at most."""
        key, now = (pot.venue, pot.environment), time.monotonic()
        known = self._resting.get(key)
        if known is None or now - known[0] > _COUNT_SECONDS:
            known = self._resting[key] = (now, orders.count_resting_entries(*key))
        return known[1]

    def is_hanging(self, pot: Pot, *, for_exits: bool) -> bool:
        """Tell whether a venue owes so many answers that no more is sent to it from this process for now.

        Exits are held back later than entries: a venue that hangs for some may answer for those who hold a position.
        """
        return self.late.count(pot) >= (_MOST_LATE_WAVES if for_exits else _MOST_LATE_ENTRY_WAVES)

    def heed_answers(self, pot: Pot, answered: Iterable[tuple[str, object]]) -> None:
        """Heed what a venue's answers say of its limits, for all workers: what is left of them, and how long to wait.

        `answered` are the accounts that asked, an empty name for none, each with what it was told.
        """
        limits = self.limits(pot)
        if limits is None:
            return
        market = self.market(pot.venue, pot.environment)
        used = market.used_weight(pot.address or None) if isinstance(market, LimitedMarket) else 0
        if used:
            self.tokens.heed(pot, limits, used)
        told: dict[str, float] = {}
        for account, outcome in answered:
            if isinstance(outcome, RetryableError) and outcome.code in {Doubt.RATE_LIMITED, Doubt.BANNED}:
                wait = outcome.retry_after_seconds or _UNTOLD_WAIT_SECONDS
                told[account] = max(told.get(account, 0), wait)
        if limits.account_weight_per_minute:
            for account in told.keys() - {""}:
                self.tokens.close_account(pot, account, told.pop(account))
        if told:
            self.tokens.close(pot, max(told.values()))

    def market(self, venue: str, environment: str) -> MarketData:
        """Return a venue's public side."""
        key = (venue, environment)
        if key not in self._markets:
            base_url = self.settings.venue_url(venue, environment)
            self._markets[key] = self.factory.open_market_data(venue, Environment(environment), base_url)
        return self._markets[key]

    def ask_market(
        self,
        venue: str,
        environment: str,
        reading: Callable[[MarketData], Coroutine[Any, Any, Answer]],
        seconds: float = READ_SECONDS,
    ) -> Answer:
        """Ask a venue's public side, which is reached from the address that it counts like any other request.

        Raises
        ------
        RetryableError
            If the venue has told us to wait, and that time is not over: nothing was asked.
        TradeError
            As the reading does.
        """
        pot = Pot(venue, environment)
        left = self.tokens.closed_seconds(pot)
        if left:
            raise RetryableError(Doubt.RATE_LIMITED, "the venue told us to wait", retry_after_seconds=left)
        try:
            return self.loop.run(reading(self.market(venue, environment)), seconds)
        except RetryableError as error:
            self.heed_answers(pot, [("", error)])
            raise

    def instruments(self, venue: str, environment: str, symbols: Iterable[str]) -> dict[str, Instrument]:
        """Return the rules of the symbols that the venue trades; unknown ones are left out."""
        key = (venue, environment)
        now = utc_now()
        read_at, known = self._instruments.get(key, (now, {}))
        if (now - read_at).total_seconds() > INSTRUMENTS_MAX_AGE_SECONDS:
            read_at, known = now, {}
        missing = [symbol for symbol in symbols if symbol not in known]
        if missing:
            listed = self.ask_market(venue, environment, lambda market: market.fetch_instruments(missing))
            known.update(dict.fromkeys(missing))
            known.update({item.symbol: item for item in listed})
            self._instruments[key] = (read_at, known)
        return {symbol: item for symbol in symbols if (item := known.get(symbol)) is not None}

    def fresh_quotes(self, venue: str, environment: str, symbols: Iterable[str]) -> dict[str, Quote]:
        """Return quotes younger than two seconds, fetching those that are older or missing."""
        wanted = list(dict.fromkeys(symbols))
        found = self.quotes.read(venue, environment, wanted, utc_now(), QUOTE_MAX_AGE_SECONDS)
        missing = [symbol for symbol in wanted if symbol not in found]
        if missing:
            fetched = self.ask_market(venue, environment, lambda market: market.fetch_quotes(missing))
            self.quotes.put(venue, environment, fetched)
            found.update({quote.symbol: quote for quote in fetched})
        return found

    def balance_max_age(self, account: Account) -> timedelta:
        """Return how old an account's balance may be that is planned with."""
        rows = self.factory.find_venue(account.venue).rows
        environment = Environment(account.environment)
        ages = [row.balance_max_age_seconds for row in rows if environment in row.environments]
        return timedelta(seconds=min(ages, default=_BALANCE_MAX_AGE_SECONDS))

    def cover_terms(self, trade: Trade, asset_class: AssetClass) -> CoverTerms:
        """Return how a trade's cover can look at its venue; linked exits where it does not say, as our own paper has them."""
        quantity = trade.held or trade.planned_quantity
        row = self.factory.find_capabilities(
            trade.venue, Environment(trade.environment), asset_class, quantity
        )
        return row.cover_terms if row else CoverTerms()

    def remembered(self, name: str, seconds: float, read: Callable[[], Answer]) -> Answer:
        """Return what was read under a name within so many seconds, else read it anew."""
        known = self._remembered.get(name)
        if known is None or time.monotonic() - known[0] > seconds:
            known = self._remembered[name] = (time.monotonic(), read())
        answer: Answer = known[1]
        return answer

    def is_margined(self, venue: str, environment: str) -> bool:
        """Tell whether positions at a venue are held on margin."""
        rows = self.factory.find_venue(venue).rows
        return any(row.max_leverage > 1 and Environment(environment) in row.environments for row in rows)

    def knows_terms(self, wish: Hashable) -> bool:
        """Tell whether terms of a position were seen in force within the last minute."""
        return time.monotonic() - self._terms.get(wish, -_TERMS_SECONDS) < _TERMS_SECONDS

    def learn_terms(self, wish: Hashable) -> None:
        """Remember for a minute that terms of a position are in force."""
        self._terms = {known: at for known, at in self._terms.items() if self.knows_terms(known)}
        self._terms[wish] = time.monotonic()

    def capabilities(
        self, account: Account, instrument: Instrument | None, quantity: Decimal | None = None
    ) -> Capabilities | None:
        """Return what an account's venue can do with an instrument, in such a quantity; None where it trades no such."""
        if instrument is None:
            return None
        return self.factory.find_capabilities(
            account.venue, Environment(account.environment), instrument.asset_class, quantity
        )

    def _open_broker(self, account: Account, sealed: Mapping[str, SealedCredential]) -> Broker:
        return self.factory.open_broker(
            AccountAccess(
                account_id=account.account_id,
                venue=account.venue,
                environment=Environment(account.environment),
                credentials=open_login(self.keys, account, sealed),
                base_url=self.settings.venue_url(account.venue, account.environment),
                local_address=self.address(account.account_id),
            )
        )


_context: Context | None = None


def open_context(settings: Settings) -> Context:
    """Connect this process and remember its context; called after fork."""
    global _context  # noqa: PLW0603 - the one composition root of a process
    connect(settings.mongodb_uri)
    redis = Redis.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=2)
    tape = TapeMarketData(str(settings.price_seed), utc_now)
    store = MongoPaperStore()
    # The demo shows partial fills now and then; elsewhere only size beyond the shown depth makes them.
    rules = PaperRules(split_one_in=6 if settings.demo else 0)
    paper = PaperAdapter(store, tape, rules, utc_now)
    outside = load_adapters(settings.venue_adapters)
    _context = Context(
        settings=settings,
        redis=redis,
        loop=LoopThread(),
        factory=BrokerFactory(
            {"paper": paper, **own_adapters(settings.market_key), **outside},
            without_live=outside.keys() - set(settings.live_venues),
        ),
        matcher=PaperMatcher(store, tape, rules, utc_now),
        quotes=QuoteBoard(redis),
        keys=PrivateKeys.parse(settings.credential_private_keys),
        paper_store=store,
        tokens=RateTokens(redis),
    )
    return _context


def get_context() -> Context:
    """Return this process's context.

    Raises
    ------
    RuntimeError
        Before `open_context`: a task ran in a process that was not prepared.
    """
    if _context is None:
        raise RuntimeError("open_context was not called in this process")
    return _context
