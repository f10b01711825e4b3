"""For whom the code runs: a tenant, a person reading their own rows, or nobody.

The database backend carries the scope of the moment with every statement, so leaving it out means seeing no rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from apps.core.errors import DomainError


class NoTenant(DomainError):
    """This needs a tenant, and none is set."""

    code = "no_tenant"


@dataclass(frozen=True, slots=True)
class Scope:
    """At most one of the two is set: a person's scope shows rows that say they are that person's, and nothing else."""

    tenant_id: UUID | None = None
    person_id: UUID | None = None


NOBODY = Scope()
# Stands in a tenant's place for what belongs to the platform itself: its own security events, say. No company has it.
PLATFORM = UUID(int=0)
_scope: ContextVar[Scope] = ContextVar("scope", default=NOBODY)


def current_scope() -> Scope:
    """The scope of the moment."""
    return _scope.get()


def current_tenant_id() -> UUID | None:
    """The tenant of the moment, or None."""
    return _scope.get().tenant_id


def require_tenant_id() -> UUID:
    """The tenant of the moment. Raises NoTenant."""
    tenant_id = _scope.get().tenant_id
    if tenant_id is None:
        raise NoTenant
    return tenant_id


@contextmanager
def _scoped(scope: Scope) -> Iterator[None]:
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)


def tenant(tenant_id: UUID | str) -> AbstractContextManager[None]:
    """Run the block for one tenant. A queryset built inside and evaluated outside runs without: evaluate it inside.

    Raises ValueError when the text is not a UUID.
    """
    return _scoped(Scope(tenant_id=tenant_id if isinstance(tenant_id, UUID) else UUID(tenant_id)))


def person(person_id: UUID) -> AbstractContextManager[None]:
    """Run the block as a person outside any tenant: only rows that are that person's own are seen."""
    return _scoped(Scope(person_id=person_id))


def no_tenant() -> AbstractContextManager[None]:
    """Run the block for nobody, whatever surrounds it."""
    return _scoped(NOBODY)
