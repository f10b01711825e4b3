"""How work is declared, and the registry of all that was."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import autodiscover_modules

from apps.core.events.retry import retry_delay_s

if TYPE_CHECKING:
    from apps.core.jobs.progress import Progress

DEFAULT, BULK, SCHEDULED = "default", "bulk", "scheduled"
QUEUES = (DEFAULT, BULK, SCHEDULED)
"""Somebody waits for it, it takes long, the clock asks for it: none of the three waits behind the others."""

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


@dataclass(frozen=True, slots=True)
class Definition:
    """What the platform knows of one kind of work. Called, it does the work in place."""

    name: str
    title: str
    function: Callable[..., Any]
    queue: str
    attempts: int
    backoff_base_s: float
    backoff_cap_s: float
    time_limit_s: int
    link: str

    def __call__(self, progress: Progress, **parameters: Any) -> Any:
        return self.function(progress, **parameters)

    @property
    def feature(self) -> str:
        return self.name.partition(".")[0]

    def check(self, parameters: Mapping[str, Any]) -> None:
        """Raises TypeError when the function does not take these parameters."""
        inspect.signature(self.function).bind(None, **parameters)

    def delay_s(self, failures: int) -> float:
        """Seconds to wait after the given failure, counted from 1. Full jitter."""
        return retry_delay_s(failures - 1, base_s=self.backoff_base_s, cap_s=self.backoff_cap_s)


_definitions: dict[str, Definition] = {}


def job(
    *,
    name: str,
    title: str,
    queue: str = DEFAULT,
    attempts: int = 5,
    backoff_base_s: float = 5.0,
    backoff_cap_s: float = 600.0,
    time_limit_s: int = 3600,
    link: str = "",
) -> Callable[[Callable[..., Any]], Definition]:
    """Declare work: `(progress, *, **parameters) -> result`, in the feature's `jobs.py`.

    It runs in the tenant and in the name of whoever asked for it, outside any transaction, at least once and never
    twice at the same time. Parameters, checkpoint and result are JSON. `name` is `<feature>.<verb>`, `title` is what
    people call it; `link` is the page where the result is seen, such as `/exports/{export_id}/` (any parameter, or
    `job_id`). After an error there are up to `attempts` in all; Invalid, NotFound and Forbidden would only come again.

    Raises ValueError for a name that is taken or malformed, or a queue that does not exist.
    """

    def register(function: Callable[..., Any]) -> Definition:
        made = Definition(name, title, function, queue, attempts, backoff_base_s, backoff_cap_s, time_limit_s, link)
        _check(made)
        _definitions[name] = made
        return made

    return register


def definition_named(name: str) -> Definition | None:
    """The declaration of a kind of work, or None when this process does not know it."""
    _discover()
    return _definitions.get(name)


def title_of(name: str) -> str:
    """What people call this kind of work; its name where nothing declares it any more."""
    known = definition_named(name)
    return known.title if known else name


def definitions() -> list[Definition]:
    """Every kind of work declared in the installed apps' `jobs.py`, by name."""
    _discover()
    return [_definitions[name] for name in sorted(_definitions)]


def _check(made: Definition) -> None:
    if not _NAME.fullmatch(made.name):
        raise ValueError(f"job {made.name!r} must be named <feature>.<verb> in lower case")
    if made.queue not in QUEUES:
        raise ValueError(f"job {made.name} names the queue {made.queue!r}; there are {', '.join(QUEUES)}")
    if made.name in _definitions:
        raise ValueError(f"job {made.name} is already declared in {_definitions[made.name].function.__module__}")


@cache
def _discover() -> None:
    """Late, since jobs import commands and models."""
    autodiscover_modules("jobs")


def _forget(name: str) -> None:
    """For tests that declare work of their own."""
    _definitions.pop(name, None)
