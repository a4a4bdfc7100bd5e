"""Rate tokens in Redis: what a venue's published limits leave for the next requests, exits first.

One pot per (venue, environment, egress address) counts the weight of requests, one per account counts orders.
Both fill steadily; a pot's burst and its flow together never exceed the venue's limit in any window, wherever
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


# KEYS: the pot, its closing, then one account for each request (empty where orders are not counted).
# ARGV: flow per second, burst and floor of the pot, weight of a request; flow, burst and floor of an account.
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
local flow, burst, floor, weight = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local aflow, aburst, afloor = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local tokens, wait, answer = level(KEYS[1], flow, burst), 0, {0}
for i = 3, #KEYS do
  if tokens - weight < floor then
    wait = math.max(wait, (floor + weight - tokens) / flow)
    break
  end
  local free = true
  if aflow > 0 then
    local left = level(KEYS[i], aflow, aburst) - 1
    free = left >= afloor
    if free then keep(KEYS[i], left, aflow, aburst)
    else wait = math.max(wait, (afloor - left) / aflow) end
  end
  if free then
    tokens = tokens - weight
    answer[#answer + 1] = i - 3
  end
end
keep(KEYS[1], tokens, flow, burst)
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
        self, pot: Pot, limits: VenueLimits, urgency: Urgency, accounts: Sequence[str], *, weight: int = 1
    ) -> Grant:
        """Take tokens for one request of each account, in order, as far as they reach.

        `limits` are the venue's; `weight` is what one of these requests counts. Requests that are no orders count
        against the pot alone: `accounts` then holds empty names.

        Raises
        ------
        redis.exceptions.RedisError
            If Redis is away: nothing was granted.
        """
        heaviest = max(limits.weights.values(), default=1)
        # Room for the heaviest request of the least urgent kind; what the burst takes, the flow lacks.
        burst = max(limits.weight_per_minute * _BURST_SHARE, heaviest * 2 + 1)
        flow = (limits.weight_per_minute * _USED_SHARE - burst) / _MINUTE
        counted = any(accounts) and limits.orders_per_10_seconds > 0
        orders = limits.orders_per_10_seconds * _ACCOUNT_BURST_SHARE
        keys = [pot.key, f"{pot.key}:closed", *(self._account_key(pot, name) for name in accounts)]
        args = [flow, burst, burst * urgency / 100, weight]
        args += [orders / _ACCOUNT_WINDOW_SECONDS if counted else 0, orders, orders * urgency / 100]
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
