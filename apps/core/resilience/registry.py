"""The dependencies of the platform. A part declares its own in its `dependencies.py`, which Django's start imports."""

from __future__ import annotations

from apps.core.resilience.dependency import Dependency
from apps.core.resilience.policy import Policy

_known: dict[str, Dependency] = {}


def declare(name: str, title: str, policy: Policy) -> Dependency:
    """A dependency that operators will see by its name. Raises ValueError for a name that is taken."""
    if name in _known:
        raise ValueError(f"there is a dependency {name} already")
    _known[name] = Dependency(name, title, policy)
    return _known[name]


def dependencies() -> list[Dependency]:
    """All of them, by name."""
    return [_known[name] for name in sorted(_known)]


def dependency(name: str) -> Dependency | None:
    return _known.get(name)
