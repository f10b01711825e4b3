"""A POST that is repeated with the same `Idempotency-Key` is done once, and answered alike each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apps.core.idempotency.decorator import idempotent

__all__ = ["idempotent"]


def __getattr__(name: str) -> Any:
    """Late: Django imports this package to find its app, before any model may be imported."""
    if name == "idempotent":
        from apps.core.idempotency.decorator import idempotent

        return idempotent
    raise AttributeError(name)
