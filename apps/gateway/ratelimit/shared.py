"""Budgets in Redis: one script, so one step and one round trip, however many budgets a request touches.

A bucket is the moment at which it is full again (the generic cell rate algorithm, ITU-T I.371 annex A): one number that
says how many are left and, to the microsecond, when the next one is. The clock is Redis's own, so processes need not
agree on theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.core.cache import caches
from django_redis import get_redis_connection

from apps.gateway.ratelimit.budgets import Charge, Standing

_FIELDS = len(Standing._fields)
# KEYS: the budgets. ARGV[1]: numbers in one text, which is packed and read several times faster than one by one; so is
# the answer. First the time in microseconds, or 0 for Redis's; then of each budget its quota, the interval, the end of
# a count, how many are wanted, 1 where it refuses nobody, and refusals that were not told yet. Nothing is charged where
# one refuses. Only while a quarter is left anything is taken in advance.
_CHARGE = """
local given = {}
for number in string.gmatch(ARGV[1], '%d+') do given[#given + 1] = tonumber(number) end
local now = given[1]
if now == 0 then
  local clock = redis.call('time')
  now = clock[1] * 1000000 + clock[2]
end
local charged, left, reset, retry, known_refusals, full, refused = {}, {}, {}, {}, {}, {}, false
for i = 1, #KEYS do
  local at = 6 * i - 4
  local quota, interval, ends, wanted = given[at], given[at + 1], given[at + 2], given[at + 3]
  local known, untold = tonumber(redis.call('get', KEYS[i]) or '0'), given[at + 5]
  if interval > 0 then
    full[i] = math.max(known, now)
    left[i] = math.floor((quota * interval - full[i] + now) / interval)
    reset[i], retry[i] = full[i] - now, full[i] - now - (quota - 1) * interval
  else
    left[i], reset[i], retry[i] = quota - known, ends - now, ends - now
  end
  if left[i] >= 1 then
    retry[i] = 0
    if left[i] * 4 < quota then wanted = math.min(wanted, 1) end
    wanted = math.min(wanted, left[i])
  elseif wanted > 0 then
    untold = untold + 1
    if given[at + 4] == 0 then refused = true else wanted = 0 end
  end
  charged[i], known_refusals[i] = wanted, 0
  if untold > 0 then
    known_refusals[i] = redis.call('incrby', KEYS[i] .. ':refused', untold)
    redis.call('expire', KEYS[i] .. ':refused', 86400)
  elseif wanted == 0 then
    known_refusals[i] = tonumber(redis.call('get', KEYS[i] .. ':refused') or '0')
  end
end
local answer = {}
for i = 1, #KEYS do
  local interval = given[6 * i - 3]
  if refused then
    charged[i] = 0
  elseif charged[i] > 0 and interval > 0 then
    reset[i] = reset[i] + charged[i] * interval
    redis.call('set', KEYS[i], string.format('%.0f', now + reset[i]), 'px', math.ceil(reset[i] / 1000))
  elseif charged[i] > 0 then
    redis.call('incrby', KEYS[i], charged[i])
    redis.call('pexpireat', KEYS[i], math.ceil(given[6 * i - 2] / 1000))
  end
  answer[i] = string.format(
    '%.0f %.0f %.0f %.0f %.0f', charged[i], left[i] - charged[i], reset[i], retry[i], known_refusals[i]
  )
end
return table.concat(answer, ' ')
"""


class SharedBudgets:
    """`now_us` is for tests and simulations; None: Redis's clock."""

    def __init__(self, alias: str = "limits") -> None:
        self._alias = alias

    def charge(self, charges: Sequence[Charge], now_us: int | None = None) -> list[Standing]:
        """Charge all, or none where one that refuses is used up. One round trip. Raises RedisError."""
        given = [now_us or 0]
        for budget, wanted, untold, _ in charges:
            dry = int(budget.rule.dry_run)
            given += (budget.shared_quota, budget.interval_us, budget.ends_us, wanted, dry, untold)
        keys = [f"{self._prefix}{charge.budget.key}" for charge in charges]
        text = " ".join(map(str, given))
        answer = self._script(keys=keys, args=(text,), client=get_redis_connection(self._alias)).split()
        numbers = [int(one) for one in answer]
        return [Standing(*numbers[at : at + _FIELDS]) for at in range(0, len(numbers), _FIELDS)]

    @cached_property
    def _script(self) -> Any:
        return get_redis_connection(self._alias).register_script(_CHARGE)

    @cached_property
    def _prefix(self) -> str:
        return str(caches[self._alias].make_key("budget."))
