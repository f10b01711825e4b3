"""A broken unique constraint is how PostgreSQL says what two commands at once could not know of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import IntegrityError

from apps.core.errors import DomainError


@contextmanager
def violation_means(constraint: str, error: Callable[[], DomainError]) -> Iterator[None]:
    """Raise the domain's own error where `constraint` is violated inside. Goes around the unit of work, not into it."""
    try:
        yield
    except IntegrityError as violation:
        if violated_constraint(violation) == constraint:
            raise error() from violation
        raise


def violated_constraint(violation: IntegrityError) -> str:
    """The name of the constraint, or "" where the driver does not tell."""
    diagnosis = getattr(violation.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""
