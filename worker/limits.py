"""Rate tokens in Redis: what a venue's published limits leave for the next requests, exits first.

One pot per (venue, environment, egress address) counts the weight of requests, one per account counts orders, and a
third, where the venue counts so, the weight of an account's requests. All fill steadily; a pot's burst and its flow together never exceed the venue's limit in any window, wherever
the venue's windows begin. What a less urgent request must leave in the pot is what the more urgent ones may still
take. Where a venue has told us to wait, its pot is closed for everybody until then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, cast

from redis import Redis

from shared.brokers.weights import VenueLimits

_PREFIX = "dx:tokens:"
_BURST_SHARE = 0.025
_USED_SHARE = 0.99
_LEAST_SHARE = 0.1
_ACCOUNT_BURST_SHARE = 0.5
_ACCOUNT_WINDOW_SECONDS = 10
_MINUTE = 60


class Urgency(IntEnum):
    """Who goes first; the value is the percentage of a full pot that is left to the more urgent."""

    EXIT = 0
    LOOK_UP = 20
    ENTRY = 30
    SNAPSHOT = 50


@dataclass(frozen=True, slots=True)
class Pot:
    """Where requests are counted: one venue's environment, reached from one address."""

    venue: str
    environment: str
    address: str = ""

    @property
    def key(self) -> str:
        """The name of its tokens in Redis."""
        return f"{_PREFIX}{self.venue}:{self.environment}:{self.address or 'default'}"


@dataclass(frozen=True, slots=True)
class Grant:
    """Which requests may go now, by their place in the question, and how long until another may."""

    places: tuple[int, ...]
    wait_seconds: float = 0.0


# KEYS: the pot, its closing, then, where they are counted, each request's account for its orders, and each for its weight.
# ARGV: weight of a request; flow per second, burst and floor of the pot, of an account's orders, of an account's weight;
# how many requests there are. A flow of 0 is not counted.
_TAKE = """
local closed = redis.call('PTTL', KEYS[2])
if closed > 0 then return {closed} end
local now = redis.call('TIME')
now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local function level(key, flow, burst)
  local held = redis.call('HMGET', key, 'tokens', 'at')
  if not held[1] then return burst end
  return math.min(burst, tonumber(held[1]) + math.max(now - tonumber(held[2]), 0) * flow)
end
local function keep(key, tokens, flow, burst)
  redis.call('HSET', key, 'tokens', tostring(tokens), 'at', tostring(now))
  redis.call('PEXPIRE', key, math.ceil(burst / flow * 1000) + 1000)
end
local weight = tonumber(ARGV[1])
local flow, burst, floor = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local oflow, oburst, ofloor = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local aflow, aburst, afloor = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local count, tokens, wait, answer = tonumber(ARGV[11]), 0, 0, {0}
local apart = oflow > 0 and 2 + count or 2
if flow > 0 then tokens = level(KEYS[1], flow, burst) end
for i = 1, count do
  if flow > 0 and tokens - weight < floor then
    wait = math.max(wait, (floor + weight - tokens) / flow)
    break
  end
  local orders, asked, free = 0, 0, true
  if oflow > 0 then
    orders = level(KEYS[2 + i], oflow, oburst) - 1
    if orders < ofloor then free = false; wait = math.max(wait, (ofloor - orders) / oflow) end
  end
  if aflow > 0 then
    local shut = redis.call('PTTL', KEYS[apart + i] .. ':closed')
    asked = level(KEYS[apart + i], aflow, aburst) - weight
    if shut > 0 then free = false; wait = math.max(wait, shut / 1000)
    elseif asked < afloor then free = false; wait = math.max(wait, (afloor - asked) / aflow) end
  end
  if free then
    if oflow > 0 then keep(KEYS[2 + i], orders, oflow, oburst) end
    if aflow > 0 then keep(KEYS[apart + i], asked, aflow, aburst) end
    tokens = tokens - weight
    answer[#answer + 1] = i - 1
  end
end
if flow > 0 then keep(KEYS[1], tokens, flow, burst) end
if wait > 0 then redis.call('SET', KEYS[1] .. ':short', '1', 'PX', 120000) end
answer[1] = math.ceil(wait * 1000)
return answer
"""


class RateTokens:
    """The tokens of all venues, shared by every worker through one Redis.

    A Redis that lost everything starts full pots: at most one burst too much.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._take = redis.register_script(_TAKE)

    def take(
        self,
        pot: Pot,
        limits: VenueLimits,
        urgency: Urgency,
        accounts: Sequence[str],
        *,
        weight: int = 1,
        are_orders: bool = True,
    ) -> Grant:
        """Take tokens for one request of each account, in order, as far as they reach.

        `limits` are the venue's; `weight` is what one of these requests counts. A request that belongs to no account
        has an empty name.

        Raises
        ------
        redis.exceptions.RedisError
            If Redis is away: nothing was granted.
        """
        is_named = any(accounts)
        orders = limits.orders_per_10_seconds * _ACCOUNT_BURST_SHARE if are_orders and is_named else 0
        apart = limits.account_weight_per_minute if is_named else 0
        keys = [pot.key, f"{pot.key}:closed"]
        keys += [self._account_key(pot, name) for name in accounts] if orders else []
        keys += [self._weight_key(pot, name) for name in accounts] if apart else []
        args = [weight, *_flow_of(limits.weight_per_minute, limits, urgency)]
        args += [orders / _ACCOUNT_WINDOW_SECONDS, orders, orders * urgency / 100]
        args += [*_flow_of(apart, limits, urgency), len(accounts)]
        answer = [int(number) for number in cast("list[Any]", self._take(keys=keys, args=args))]
        return Grant(tuple(answer[1:]), answer[0] / 1000)

    def was_short(self, pot: Pot) -> bool:
        """Tell whether somebody had to wait for this pot's tokens within the last two minutes."""
        return bool(self._redis.exists(f"{pot.key}:short"))

    def close(self, pot: Pot, seconds: float) -> None:
        """Let nobody send to a venue from this address for so long: it has told us to wait."""
        key, milliseconds = f"{pot.key}:closed", max(int(seconds * 1000), 1)
        # A longer closing is never cut short by a later, shorter one.
        if self._redis.pttl(key) < milliseconds:
            self._redis.set(key, "1", px=milliseconds)

    def close_account(self, pot: Pot, account: str, seconds: float) -> None:
        """Let nothing of one account go for so long, where the venue counts each for itself; the others go on."""
        milliseconds = max(int(seconds * 1000), 1)
        self._redis.set(f"{self._weight_key(pot, account)}:closed", "1", px=milliseconds)

    def closed_seconds(self, pot: Pot) -> float:
        """Return for how long a pot is closed still; 0 where it is open."""
        return max(self._redis.pttl(f"{pot.key}:closed"), 0) / 1000

    def heed(self, pot: Pot, limits: VenueLimits, used_weight: int) -> None:
        """Lower a pot to what the venue says is left this minute: others may send from our address too."""
        left = limits.weight_per_minute - used_weight
        held = self._redis.hget(pot.key, "tokens")
        if held is not None and float(cast("str", held)) > left:
            self._redis.hset(pot.key, "tokens", str(max(left, 0)))

    def _account_key(self, pot: Pot, account: str) -> str:
        return f"{_PREFIX}{pot.venue}:{pot.environment}:account:{account}"

    def _weight_key(self, pot: Pot, account: str) -> str:
        return f"{pot.key}:weight:{account}"


def _flow_of(per_minute: int, limits: VenueLimits, urgency: Urgency) -> list[float]:
    """Return flow, burst and floor of a limit; all zero where there is none."""
    if not per_minute:
        return [0, 0, 0]
    heaviest = max(limits.weights.values(), default=1)
    # Room for the heaviest request of the least urgent kind; what the burst takes, the flow lacks.
    burst = max(per_minute * _BURST_SHARE, heaviest * 2 + 1)
    # A venue that lets less be asked in a minute than the burst still fills its pot, slowly.
    flow = max(per_minute * _USED_SHARE - burst, per_minute * _LEAST_SHARE) / _MINUTE
    return [flow, burst, burst * urgency / 100]
