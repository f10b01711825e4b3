"""How a saga is declared, and the registry of all that were.

PLACE_ORDER = Saga(
    "business.place-order",
    Step("reserve stock", commands.reserve, undo=commands.release),
    Step("authorise payment", payments.authorise, undo=payments.void, elsewhere=True),
    Step("fraud check", waits_for=Decision(OrderPermission.REVIEW), within=timedelta(days=2)),
    Step("confirm order", commands.confirm),
    context=PlacedOrder,
    undo=commands.refuse_order,
    deadline=timedelta(days=3),
)
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, dataclass_transform
from uuid import UUID

import msgspec
from django.utils.module_loading import autodiscover_modules

from apps.core.auth import Permission
from apps.core.events.definition import Event
from apps.core.events.envelope import Envelope
from apps.core.events.errors import InvalidMessage
from apps.core.events.retry import RetryPolicy
from apps.core.events.subscriptions import log_of
from apps.core.history import Actor

Action = Callable[..., Mapping[str, Any] | None]
BEGINNING = "beginning"
PATIENT = RetryPolicy(attempts=5, base_s=0.5, cap_s=60.0)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
class _ContextMeta(msgspec.StructMeta):
    """Fields by name only, in every subclass: msgspec itself does not inherit that."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any) -> Any:
        return super().__new__(cls, name, bases, namespace, **{"kw_only": True, **config})  # type: ignore[call-arg]


class Context(msgspec.Struct, metaclass=_ContextMeta, frozen=True):
    """What a saga knows: ids and values, seen by whoever may see sagas. What steps find out has a default here."""


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at a step or an undo, for functions whose signature names `run`.

    `key` is the same at every attempt, and for a step and its undo: the idempotency key of whatever is called. It is
    all that the undo of a step has whose outcome nobody heard.
    """

    saga_id: UUID
    key: str
    attempt: int
    now: datetime
    actor: Actor


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a waiting step waited for: who approved and why, or the event that came."""

    at: datetime
    by: UUID | None = None
    by_name: str = ""
    reason: str = ""
    envelope: Envelope | None = None

    def event(self) -> Event:
        """The event that came. Raises InvalidMessage when this process does not know it."""
        if self.envelope is None:
            raise InvalidMessage("no event was waited for")
        return self.envelope.event()


@dataclass(frozen=True, slots=True)
class Arrival:
    """Waits for the first of some events whose field `by` holds the saga's key. It may come before it is waited for."""

    events: tuple[type[Event], ...]
    by: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Waits for a person with this permission, who did not begin it, to approve or deny. Denied: all is undone."""

    permission: Permission


def NOTHING(context: Any) -> None:
    """`undo=NOTHING`: said on purpose, where a step leaves nothing behind."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: a function of the context that returns what is to be added to it, or None.

    It runs in one transaction on the saga's database together with the note of its outcome, and so has its effect
    exactly once. A step with its effect `elsewhere` runs outside, at least once, with `run.key` as its idempotency key.
    `undo` gives back what the step took; where nothing is to be given back it says NOTHING, and only the last step and
    those after the `pivot` may leave it out: once the pivot is done there is no way back, and what follows is repeated
    until it succeeds or somebody helps.

    `timeout` is how long one attempt may take before it counts as lost; `retry` how often failures that may pass are
    tried again. It waits where `waits_if` says so of the context, and always without; `within` limits how long it
    `waits_for` something. Its function gets the `answer`, or the `event`, and every function the `run`, where its
    signature names them.
    """

    name: str
    do: Action = NOTHING
    undo: Action | None = None
    elsewhere: bool = False
    pivot: bool = False
    timeout: timedelta = timedelta(seconds=30)
    retry: RetryPolicy = PATIENT
    waits_for: Arrival | Decision | None = None
    waits_if: Callable[[Any], bool] | None = None
    within: timedelta | None = None

    @property
    def leaves_something(self) -> bool:
        """Whether there is anything to undo."""
        return self.undo is not None and self.undo is not NOTHING

    def shape(self) -> str:
        """What must not change while instances run."""
        waits = type(self.waits_for).__name__ if self.waits_for else ""
        return f"{self.name}|{self.elsewhere}|{self.pivot}|{self.leaves_something}|{waits}"


@dataclass(frozen=True, slots=True, init=False)
class Saga:
    """Steps in their order. Declaring it registers it; instances keep the version that they began with.

    The name is `<service>.<what>`: the service's database keeps it. `context` is the type of what it knows. `undo`
    takes back what the command that began it did beside. After `deadline` everything is undone, whatever it waits for.

    Steps are added, removed or reshaped in a new version, and the old one stays declared beside it for as long as
    instances run with it: they go on as they began.
    """

    name: str
    steps: tuple[Step, ...]
    context: type[Context]
    undo: Action | None
    deadline: timedelta | None
    version: int
    fingerprint: str = field(repr=False)

    def __init__(
        self,
        name: str,
        *steps: Step,
        context: type[Context],
        undo: Action | None = None,
        deadline: timedelta | None = None,
        version: int = 1,
    ) -> None:
        shapes = "\n".join(step.shape() for step in steps)
        values = {
            "name": name,
            "steps": steps,
            "context": context,
            "undo": undo,
            "deadline": deadline,
            "version": version,
            "fingerprint": hashlib.sha256(shapes.encode()).hexdigest()[:16],
        }
        for attribute, value in values.items():
            object.__setattr__(self, attribute, value)
        _check(self)
        _register(self)

    @property
    def using(self) -> str:
        """The alias of the database that keeps it."""
        return log_of(self.name)

    @property
    def service(self) -> str:
        return self.name.partition(".")[0]

    def step_at(self, position: int) -> Step:
        """The step at a position of an instance; at -1 the beginning, of which there is only the undo."""
        return self.steps[position] if position >= 0 else Step(BEGINNING, undo=self.undo)

    def is_committed(self, position: int) -> bool:
        """Whether the pivot is among the steps done before this position."""
        return any(step.pivot for step in self.steps[:position])

    def is_past_return(self, position: int) -> bool:
        """Whether nothing can turn an instance back any more that has come so far."""
        return position == len(self.steps) or self.is_committed(position)

    def awaits(self, cls: type[Event]) -> list[Step]:
        """The steps that wait for such an event."""
        return [s for s in self.steps if isinstance(s.waits_for, Arrival) and cls in s.waits_for.events]

    def with_context(self, known: Mapping[str, Any], added: Mapping[str, Any] | None = None) -> Context:
        """The context as its type, with what a step added. Raises TypeError, msgspec.ValidationError."""
        unknown = set(added or ()) - set(self.context.__struct_fields__)
        if unknown:
            raise TypeError(f"{self.context.__name__} has no {', '.join(sorted(unknown))}")
        return msgspec.convert({**known, **msgspec.to_builtins(dict(added or {}))}, self.context)


_declared: dict[tuple[str, int], Saga] = {}


def declared(name: str, version: int) -> Saga | None:
    """The declaration of one version of a saga, or None when this process does not know it."""
    _discover()
    return _declared.get((name, version))


def latest(name: str) -> Saga:
    """The version that new instances begin with. Raises LookupError for a saga that nobody declared."""
    _discover()
    versions = [version for known, version in _declared if known == name]
    if not versions:
        raise LookupError(f"no saga is called {name!r}; there are {', '.join(sorted({n for n, _ in _declared}))}")
    return _declared[name, max(versions)]


def all_declared() -> list[Saga]:
    """Every version of every saga declared in the installed apps' `sagas.py`, by name and version."""
    _discover()
    return [_declared[key] for key in sorted(_declared)]


@cache
def accepts(function: Action, name: str) -> bool:
    """Whether the function's signature names this argument."""
    return name in inspect.signature(function).parameters


@cache
def _discover() -> None:
    """Late, since sagas import commands and models."""
    autodiscover_modules("sagas")


def _register(saga: Saga) -> None:
    known = _declared.setdefault((saga.name, saga.version), saga)
    if known is not saga:
        raise ValueError(f"saga {saga.name} version {saga.version} is declared twice")


def _forget(saga: Saga) -> None:
    """For tests that declare sagas of their own."""
    _declared.pop((saga.name, saga.version), None)


def _check(saga: Saga) -> None:
    """Raises TypeError for what could not be carried out, or not be undone."""
    names = [step.name for step in saga.steps]
    if not names or len({*names, BEGINNING}) <= len(names):
        raise TypeError(f"saga {saga.name} needs steps, each with a name of its own")
    committed = False
    for place, step in enumerate(saga.steps, start=1):
        last = place == len(names)
        if step.undo is None and not (last or committed or step.pivot or (step.waits_for and step.do is NOTHING)):
            raise TypeError(f"step {step.name!r} of {saga.name} needs an undo, or undo=NOTHING")
        if step.waits_for and step.within is None and (saga.deadline is None or committed):
            raise TypeError(f"step {step.name!r} of {saga.name} would wait for ever: say within, or a deadline")
        committed = committed or step.pivot
