"""Real processes for the tests: relays and workers that can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connections

ROOT = Path(__file__).resolve().parents[4]
DEADLINE_S = 120.0
_PREFIXES = {"default": "DATABASE", "business": "BUSINESS_DATABASE"}


def environment(**extra: str) -> dict[str, str]:
    """The environment of a process that works on this test's databases as the application and the relay."""
    urls = {}
    for alias, prefix in _PREFIXES.items():
        values = connections[alias].settings_dict
        place = f"{values['HOST']}:{values['PORT']}/{values['NAME']}"
        urls[f"{prefix}_URL"] = f"postgresql://{values['USER']}:{quote(values['PASSWORD'], safe='')}@{place}"
        urls[f"{prefix}_DIRECT_URL"] = urls[f"{prefix}_URL"]
        urls[f"{prefix}_RELAY_URL"] = settings.DATABASE_RELAY_URLS[alias]
    inherited = {name: value for name, value in os.environ.items() if name != "COVERAGE_PROCESS_START"}
    return {**inherited, **urls, "LOG_FORMAT": "console", "PYTHONPATH": os.pathsep.join(sys.path), **extra}


@contextmanager
def running(*argv: str, **extra: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the platform (`-m`, its module, arguments); killed at the end of the block if it still runs."""
    measured = ("-m", os.environ["COVERAGE_RUNNER"], *argv[1:]) if "COVERAGE_RUNNER" in os.environ else argv
    process = subprocess.Popen([sys.executable, *measured], cwd=ROOT, env=environment(**extra))
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(DEADLINE_S)


def relay(**extra: str) -> Any:
    """The relay in a process of its own."""
    return running("-m", "apps.core.events.relay_process", **extra)


def worker(*arguments: str, **extra: str) -> Any:
    """A Celery worker that consumes this part's test groups."""
    return running(
        "-m", "apps.core.events.tests.worker_process", *arguments, **{"EVENTS_CONSUME": "business.echo", **extra}
    )


def terminated(process: subprocess.Popen[bytes]) -> int:
    """Ask it to end and return its exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(DEADLINE_S)


def until(condition: Callable[[], Any], *, what: str, deadline_s: float = DEADLINE_S) -> Any:
    """Wait for something to be true and return it. Raises AssertionError, naming it, when it does not come."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come in {deadline_s:g} s")
