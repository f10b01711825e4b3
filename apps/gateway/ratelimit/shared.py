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
# KEYS: the budgets. ARGV: the time in microseconds or "", for Redis's; then of each budget its quota, the interval, the
# end of a count, how many are wanted, 1 where it refuses nobody, and refusals that were not told yet. Nothing is
# charged where one refuses. Only while a quarter is left anything is taken in advance.
_CHARGE = """
local now = tonumber(ARGV[1])
if not now then
  local clock = redis.call('time')
  now = clock[1] * 1000000 + clock[2]
end
local answer, full, refused = {}, {}, false
for i = 1, #KEYS do
  local at = 6 * i - 4
  local quota, interval, ends = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local wanted, left, reset, retry = tonumber(ARGV[at + 3]), 0, 0, 0
  local known = tonumber(redis.call('get', KEYS[i]) or '0')
  if interval > 0 then
    full[i] = math.max(known, now)
    left = math.floor((quota * interval - full[i] + now) / interval)
    reset, retry = full[i] - now, full[i] - now - (quota - 1) * interval
  else
    left, reset, retry = quota - known, ends - now, ends - now
  end
  if left >= 1 then
    retry = 0
    if left * 4 < quota then wanted = math.min(wanted, 1) end
    wanted = math.min(wanted, left)
  end
  local count = tonumber(ARGV[at + 5])
  if left < 1 and wanted > 0 then
    count = count + 1
    if ARGV[at + 4] == '0' then refused = true else wanted = 0 end
  end
  local known_refusals = 0
  if count > 0 then
    known_refusals = redis.call('incrby', KEYS[i] .. ':refused', count)
    redis.call('expire', KEYS[i] .. ':refused', 86400)
  elseif wanted == 0 then
    known_refusals = tonumber(redis.call('get', KEYS[i] .. ':refused') or '0')
  end
  local base = 5 * (i - 1)
  answer[base + 1], answer[base + 2], answer[base + 3] = wanted, left, reset
  answer[base + 4], answer[base + 5] = retry, known_refusals
end
for i = 1, #KEYS do
  local base, at = 5 * (i - 1), 6 * i - 4
  local charged, interval = answer[base + 1], tonumber(ARGV[at + 1])
  if refused then
    answer[base + 1] = 0
  elseif charged > 0 then
    answer[base + 2] = answer[base + 2] - charged
    if interval > 0 then
      local reset = full[i] + charged * interval - now
      answer[base + 3] = reset
      redis.call('set', KEYS[i], string.format('%.0f', now + reset), 'px', math.ceil(reset / 1000))
    else
      redis.call('incrby', KEYS[i], charged)
      redis.call('pexpireat', KEYS[i], math.ceil(tonumber(ARGV[at + 2]) / 1000))
    end
  end
end
return answer
"""


class SharedBudgets:
    """`now_us` is for tests and simulations; None: Redis's clock."""

    def __init__(self, alias: str = "limits") -> None:
        self._alias = alias

    def charge(self, charges: Sequence[Charge], now_us: int | None = None) -> list[Standing]:
        """Charge all, or none where one that refuses is used up. One round trip. Raises RedisError."""
        arguments: list[Any] = ["" if now_us is None else now_us]
        for budget, wanted, untold, _ in charges:
            dry = int(budget.rule.dry_run)
            arguments += (budget.shared_quota, budget.interval_us, budget.ends_us, wanted, dry, untold)
        keys = [f"{self._prefix}{charge.budget.key}" for charge in charges]
        answer = self._script(keys=keys, args=arguments, client=get_redis_connection(self._alias))
        return [Standing(*answer[at : at + _FIELDS]) for at in range(0, len(answer), _FIELDS)]

    @cached_property
    def _script(self) -> Any:
        return get_redis_connection(self._alias).register_script(_CHARGE)

    @cached_property
    def _prefix(self) -> str:
        return str(caches[self._alias].make_key("budget."))
