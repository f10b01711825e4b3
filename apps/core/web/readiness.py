"""Whether this process can do its work now: its databases, their migrations, Redis, and what settings add.

`settings.READINESS_CHECKS` lists dotted callables; each returns None or raises. `settings.READINESS_TIMEOUT_S` bounds
each check. Replicas are left out: without them everything works on the primary.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache, partial
from typing import Any

import redis
from django.conf import settings
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.utils.module_loading import import_string

from apps.core.web.drain import drain

Check = Callable[[], object]
_REUSE_S = 1.0  # probes are not authenticated: more of them must not mean more connections
_logger = logging.getLogger("web.readiness")


class NotMigrated(Exception):
    """Migrations are waiting: run `manage.py migrate`."""


@dataclass(frozen=True, slots=True)
class Result:
    """How one check went. `error` names the kind of failure; the log has the rest, which may name hosts."""

    name: str
    ok: bool
    duration_ms: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """How all of them went."""

    results: tuple[Result, ...]

    @property
    def ready(self) -> bool:
        return all(result.ok for result in self.results)

    def as_json(self) -> dict[str, Any]:
        status = "ready" if self.ready else "not_ready"
        return {"status": status, "checks": [asdict(result) for result in self.results]}


class _Run:
    """One run of one check, on a thread of its own: a check that hangs must hang neither the probe nor the end."""

    def __init__(self, name: str, check: Check) -> None:
        self._name, self._check = name, check
        self._started, self._done = time.perf_counter(), threading.Event()
        self._error: Exception | None = None
        self._ended = 0.0
        threading.Thread(target=self._work, name=f"readiness {name}", daemon=True).start()

    @property
    def hangs(self) -> bool:
        return not self._done.is_set()

    def result(self, until: float) -> Result:
        """Wait for it until that moment of `time.perf_counter`."""
        if not self._done.wait(max(0.0, until - time.perf_counter())):
            return Result(self._name, ok=False, duration_ms=self._milliseconds(), error="no answer in time")
        error = "" if self._error is None else type(self._error).__name__
        return Result(self._name, ok=not error, duration_ms=self._milliseconds(), error=error)

    def _milliseconds(self) -> float:
        return round(((self._ended or time.perf_counter()) - self._started) * 1000, 1)

    def _work(self) -> None:
        try:
            self._check()
        except Exception as error:
            self._error = error
            _logger.warning("not ready: %s: %s", self._name, error)
        finally:
            self._ended = time.perf_counter()
            if settings.configured:
                connections.close_all()  # this thread's, which ends here
            self._done.set()


class Readiness:
    """Runs `checks` in parallel, each for at most `timeout_s`; a report is reused for a second."""

    def __init__(self, checks: Mapping[str, Check], *, timeout_s: float = 2.0) -> None:
        self._checks, self._timeout_s = dict(checks), timeout_s
        self._hanging: dict[str, _Run] = {}
        self._lock = threading.Lock()
        self._last: tuple[float, tuple[Result, ...]] = (-_REUSE_S, ())
        self._has_been_ready = False

    def report(self) -> Report:
        """The state of the moment. A draining process is not ready, whatever its checks say."""
        with self._lock:
            taken_at, results = self._last
            if not results or time.monotonic() - taken_at >= _REUSE_S:
                results = self._run_all()
                self._last = (time.monotonic(), results)
        self._has_been_ready = self._has_been_ready or all(result.ok for result in results)
        return Report((*results, Result("draining", ok=not drain.begun, duration_ms=0.0)))

    def started(self) -> Report:
        """As `report` until it has been ready once; from then on the process has started, whatever comes."""
        return Report(()) if self._has_been_ready else self.report()

    def _run_all(self) -> tuple[Result, ...]:
        runs = {name: self._hanging.get(name) or _Run(name, check) for name, check in self._checks.items()}
        until = time.perf_counter() + self._timeout_s
        results = tuple(run.result(until) for run in runs.values())
        # Not started a second time while it hangs: a database that is away would collect threads.
        self._hanging = {name: run for name, run in runs.items() if run.hangs}
        return results


@cache
def readiness() -> Readiness:
    """The checks of this process, from the settings."""
    checks: dict[str, Check] = {}
    for alias in getattr(settings, "PRIMARY_ALIASES", settings.DATABASES):
        checks[f"database {alias}"] = _DatabaseCheck(alias)
    for name in ("REDIS_URL", "CACHE_REDIS_URL"):
        if url := getattr(settings, name, ""):
            checks[name.removesuffix("_URL").lower().replace("_", " ")] = partial(_ping, url)
    for dotted in getattr(settings, "READINESS_CHECKS", ()):
        checks[dotted] = import_string(dotted)
    return Readiness(checks, timeout_s=getattr(settings, "READINESS_TIMEOUT_S", 2.0))


class _DatabaseCheck:
    """The database answers and has every migration; the latter is asked until it is true once."""

    def __init__(self, alias: str) -> None:
        self._alias, self._migrated = alias, False

    def __call__(self) -> None:
        connection = connections[self._alias]
        with connection.cursor() as cursor:
            cursor.execute("select 1")
        if not self._migrated:
            executor = MigrationExecutor(connection)
            waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
            if waiting:
                raise NotMigrated(f"{len(waiting)} migrations wait on {self._alias}: run `manage.py migrate`")
            self._migrated = True


@cache
def _client(url: str) -> redis.Redis:
    timeout_s = getattr(settings, "READINESS_TIMEOUT_S", 2.0)
    return redis.Redis.from_url(url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s)


def _ping(url: str) -> None:
    _client(url).ping()
