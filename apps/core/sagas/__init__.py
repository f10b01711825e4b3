"""Work that takes several transactions, or several services: all of it happens, or what happened is undone.

A feature declares a `Saga` in its `sagas.py`, as data; a command begins it by name, in the transaction of its own
change (`begin`), and a worker carries it on from there, step by step, however often it is killed. What waits for a
person goes on with `decide`; what fails for good waits, in sight, for somebody to repair it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apps.core.sagas.definition import NOTHING, Arrival, Context, Decision, Run, Saga, Step

if TYPE_CHECKING:
    from apps.core.sagas.beginning import begin
    from apps.core.sagas.deciding import decide

__all__ = ["NOTHING", "Arrival", "Context", "Decision", "Run", "Saga", "Step", "begin", "decide"]


def __getattr__(name: str) -> Any:
    """Late: Django imports this package to find its app, before any model may be imported."""
    if name == "begin":
        from apps.core.sagas.beginning import begin

        return begin
    if name == "decide":
        from apps.core.sagas.deciding import decide

        return decide
    raise AttributeError(name)
