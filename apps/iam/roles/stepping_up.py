"""Whoever hands out ownership must have signed in recently and strongly (RFC 9470)."""

from __future__ import annotations

from collections.abc import Iterable

from apps.core.auth import Principal, require_step_up
from apps.core.auth.permissions import OWNER


def require_step_up_to_grant(principal: Principal, wanted: Iterable[str], *, held: Iterable[str] = ()) -> None:
    """Return unless these roles make somebody an owner. Raises InsufficientAuthentication, NotWhileImpersonating."""
    if OWNER in set(wanted) - set(held):
        require_step_up(principal)
