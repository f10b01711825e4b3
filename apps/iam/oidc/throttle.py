"""Slows down guessing of passwords, with waits that grow. Only failures count, so that nobody who knows theirs is kept
out by using it.

Failures are counted for an account from one place, for an account from everywhere, and for one address whatever the
account. An attempt counts before its password is looked at, and no longer once that was right: so guessing many at once
gains nothing. At SIGN_IN_FAILURES (SIGN_IN_FAILURES_PER_EMAIL from everywhere) the door is locked for SIGN_IN_LOCK_S,
and after each further failure for twice as long as the time before, up to SIGN_IN_LOCK_MAX_S. Counts are forgotten a
day after the last failure.

Anybody can use up the count of an account on purpose. So a browser that has signed in to it before, and says so by its
device cookie, is a place of its own: it is neither locked by failures from elsewhere, nor by those of its neighbours
behind the same address (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). At a new device the owner gets
in with a new password: the link in the mail lifts every lock of the account.

Accounts are known here by a keyed hash of the address as it is compared: an unknown one is treated exactly alike.
"""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest
from django.utils import timezone
from django_redis import get_redis_connection

from apps.iam.oidc import devices
from apps.iam.oidc.allowance import Allowance

_EVERYWHERE = "everywhere"
_REMEMBERED_S = 24 * 3600
# One script is one step: of attempts that are made at once each finds the count of those before.
# KEYS: lock and count of each place in turn. ARGV: the attempt; seconds to remember, of the first lock and of the
# longest; the limit of each place. Answers the seconds to wait, or 0 and of each place the seconds of its new lock.
_TAKE = """
local wait = 0
for i = 1, #KEYS, 2 do
  wait = math.max(wait, math.ceil(redis.call('pttl', KEYS[i]) / 1000))
end
if wait > 0 then return {wait} end
local answer = {0}
for i = 1, #KEYS, 2 do
  local failures, lock = redis.call('incr', KEYS[i + 1]), 0
  redis.call('expire', KEYS[i + 1], ARGV[2])
  local beyond = failures - tonumber(ARGV[4 + (i + 1) / 2])
  if beyond >= 0 then
    lock = math.min(tonumber(ARGV[4]), tonumber(ARGV[3]) * 2 ^ math.min(beyond, 30))
    redis.call('set', KEYS[i], ARGV[1], 'EX', lock)
  end
  answer[#answer + 1] = lock
end
return answer
"""
# KEYS as above. ARGV: the attempt.
_GIVE_BACK = """
for i = 1, #KEYS, 2 do
  if tonumber(redis.call('get', KEYS[i + 1]) or '0') > 0 then redis.call('decr', KEYS[i + 1]) end
  if redis.call('get', KEYS[i]) == ARGV[1] then redis.call('del', KEYS[i]) end
end
"""


@dataclass(frozen=True, slots=True)
class Lock:
    """An account cannot be signed in to until then: from one place, or from everywhere but its known devices."""

    until: datetime
    everywhere: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something that may prove who somebody is, and counts as a failure until it has.

    `wait_s` is 0 when it may be looked at, else nothing was counted and the door is locked for so many seconds.
    """

    id: str
    account: _Account
    address: Allowance
    keys: tuple[str, ...]
    locks: tuple[Lock, ...]
    wait_s: int = 0


def subject_of(email: str) -> UUID:
    """Whom a failure concerns where nobody has this address: always the same id for it, and no person's."""
    return UUID(devices.account_of(email)[:32], version=5)


def begin(request: HttpRequest, email: str) -> Attempt:
    """Count an attempt, before what it brings is looked at: however many come at once, no more than the limit are.

    It ends as `fail` or `withdraw`; one that ends as neither, in a crash, stays counted.
    """
    account, places, address = _Account.of(email), _places(request, email), _of_address(request)
    keys = tuple(_redis_key(account.key(what, place)) for place, _ in places for what in ("lock", "count"))
    attempt_id = secrets.token_hex(8)
    wait_s = address.take()
    if wait_s:
        return Attempt(attempt_id, account, address, keys, (), wait_s)
    times = (_REMEMBERED_S, settings.SIGN_IN_LOCK_S, settings.SIGN_IN_LOCK_MAX_S)
    limits = [limit for _, limit in places]
    wait_s, *locked_s = map(int, _redis().eval(_TAKE, len(keys), *keys, attempt_id, *times, *limits))
    if wait_s:
        address.give_back()
        return Attempt(attempt_id, account, address, keys, (), wait_s)
    found = zip(places, locked_s, strict=True)
    locks = tuple(_lock(seconds, everywhere=place == _EVERYWHERE) for (place, _), seconds in found if seconds)
    return Attempt(attempt_id, account, address, keys, locks)


def fail(attempt: Attempt) -> Lock | None:
    """It proved nothing. Returns the lock that begins with it, to exactly one caller."""
    lock = max(attempt.locks, key=lambda one: one.until, default=None)
    if lock is not None:
        key, store = attempt.account.key("longest", ""), _store()
        longest: Lock | None = store.get(key)
        if longest is None or longest.until < lock.until:
            store.set(key, lock, max(1, int((lock.until - timezone.now()).total_seconds())))
    return lock


def withdraw(attempt: Attempt) -> None:
    """It was right, so it counts no more. What failed before it still does, until somebody is signed in."""
    attempt.address.give_back()
    _redis().eval(_GIVE_BACK, len(attempt.keys), *attempt.keys, attempt.id)


def count_failure(request: HttpRequest, email: str) -> Lock | None:
    """Remember a failure that was found elsewhere. Returns the lock that begins with it, to exactly one caller."""
    attempt = begin(request, email)
    return None if attempt.wait_s else fail(attempt)


def forget_failures(request: HttpRequest, email: str) -> None:
    """Somebody has proved who they are from here: their own mistakes count no more."""
    account, (place, _) = _Account.of(email), _places(request, email)[0]
    _store().delete_many([account.key("count", place), account.key("lock", place)])


def lock_of(email: str) -> Lock | None:
    """The longest lock of the account, for administrators; None when there is none."""
    found: Lock | None = _store().get(_Account.of(email).key("longest", ""))
    return found


def first_of_the_day(email: str) -> bool:
    """True once a day for each account: the person is to be told of locks, and not flooded."""
    return bool(_store().add(f"sign-in.told.{devices.account_of(email)}", 1, _REMEMBERED_S))


def lift(email: str) -> None:
    """Let everybody try again, from everywhere. Safe to repeat."""
    store, key = _store(), _generation_key(devices.account_of(email))
    # What was counted so far lies under places that nobody listed; under another generation it is out of sight.
    store.add(key, 0, _REMEMBERED_S)
    store.incr(key)
    store.touch(key, 2 * _REMEMBERED_S)


@dataclass(frozen=True, slots=True)
class _Account:
    account: str
    generation: int

    @classmethod
    def of(cls, email: str) -> _Account:
        account = devices.account_of(email)
        return cls(account, _store().get(_generation_key(account), 0))

    def key(self, what: str, place: str) -> str:
        return f"sign-in.{what}.{self.account}.{self.generation}.{place}"


def _generation_key(account: str) -> str:
    return f"sign-in.generation.{account}"


def _places(request: HttpRequest, email: str) -> list[tuple[str, int]]:
    """Where the attempt comes from and how many failures that place is allowed, the narrowest first."""
    device = devices.known(request, email)
    if device:
        return [(f"device.{device}", settings.SIGN_IN_FAILURES)]
    here = f"network.{network(str(request.META.get('REMOTE_ADDR', '')))}"
    return [(here, settings.SIGN_IN_FAILURES), (_EVERYWHERE, settings.SIGN_IN_FAILURES_PER_EMAIL)]


def _lock(seconds: int, *, everywhere: bool) -> Lock:
    return Lock(timezone.now() + timedelta(seconds=seconds), everywhere=everywhere)


def _of_address(request: HttpRequest) -> Allowance:
    """What may fail from one address, whatever the account."""
    address = network(str(request.META.get("REMOTE_ADDR", "")))
    return Allowance(f"sign-in.{address}", settings.SIGN_IN_FAILURES_PER_ADDRESS)


def network(address: str) -> str:
    """The address; of IPv6 the /64 that one customer has to himself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{parsed}/64", strict=False)) if parsed.version == 6 else address


def _store() -> Any:
    return caches[settings.RATELIMIT_USE_CACHE]


def _redis() -> Any:
    return get_redis_connection(settings.RATELIMIT_USE_CACHE)


def _redis_key(key: str) -> str:
    return str(_store().make_key(key))
