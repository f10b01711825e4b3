"""Where a request comes from, for those who record what was done from there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

USER_AGENT_LENGTH = 400


@dataclass(frozen=True, slots=True)
class Origin:
    """The caller's address and program, and the session it belongs to (`sid`). Empty where there is none."""

    address: str = ""
    user_agent: str = ""
    session_id: str = ""


_origin: ContextVar[Origin] = ContextVar("origin", default=Origin())  # noqa: B039 (frozen)


def current_origin() -> Origin:
    """The origin of the request that is being served; an empty one outside requests."""
    return _origin.get()


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    """Whatever is recorded inside comes from there."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)
