"""So many failures in a window of time. One is taken before anybody knows whether the attempt is one, and given back
when it was none: attempts that are made at once are counted one by one, and never are more under way than may fail.

The first one that is taken begins the window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django_ratelimit.core import _split_rate
from django_redis import get_redis_connection

# One script is one step: nobody looks between the question and the count.
_TAKE = """
local taken = tonumber(redis.call('get', KEYS[1]) or '0')
if taken >= tonumber(ARGV[1]) then return math.max(1, redis.call('ttl', KEYS[1])) end
redis.call('incr', KEYS[1])
if taken == 0 then redis.call('expire', KEYS[1], ARGV[2]) end
return 0
"""
_GIVE_BACK = "if tonumber(redis.call('get', KEYS[1]) or '0') > 0 then redis.call('decr', KEYS[1]) end"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one person, or one address, may get wrong. `rate` is `<count>/<window>`, such as `10/1h`."""

    name: str
    rate: str

    def take(self) -> int:
        """0 when one was left and is taken now; else the seconds until there are any."""
        count, window_s = _split_rate(self.rate)
        return int(_redis().eval(_TAKE, 1, self._key, count, window_s))

    def give_back(self) -> None:
        """The attempt was no failure."""
        _redis().eval(_GIVE_BACK, 1, self._key)

    @property
    def _key(self) -> str:
        return str(caches[settings.RATELIMIT_USE_CACHE].make_key(f"allowance.{self.name}"))


def _redis() -> Any:
    return get_redis_connection(settings.RATELIMIT_USE_CACHE)
