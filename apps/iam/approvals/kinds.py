"""Which changes need a second person. Features declare theirs in `approval_kinds.py`:

    register(ApprovalKind(code="roles.assign_owner", label="Make somebody an owner", …, execute=_assign_owner))

and their command asks `gate.require_approval` before it changes anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.utils.module_loading import autodiscover_modules

from apps.core.auth.permissions import Permission
from apps.core.history import Actor
from apps.iam.approvals.permissions import ApprovalPermission, PlatformApprovalPermission

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ask:
    """A change that somebody wants. The payload is JSON-able, and frozen from here on."""

    kind: str
    subject_id: UUID
    payload: Payload

    @property
    def digest(self) -> str:
        """Two asks for the same change have the same one."""
        return digest_of(self.kind, self.payload)


@dataclass(frozen=True, slots=True)
class Approved:
    """What an approved change is carried out with. `actor` is whoever asked: the change is made in their name and
    with the rights that they have at that moment.
    """

    approval_id: UUID
    payload: Mapping[str, Any]
    actor: Actor
    approved_by: UUID
    now: datetime


@dataclass(frozen=True, slots=True)
class ApprovalKind:
    """One kind of change. `describe` says a payload in words, with names as they are at that moment.

    `execute` makes the change by calling the command that asked. A refusal (DomainError) closes the request as failed.
    With `as_job` it runs after the approval was committed, again after a crash, and must then be safe to repeat:
    for what lies in another database. `asker` is what whoever asked must still hold by then. `always`: it takes a
    second person also where there is none. Without `has_rule` no setting of a tenant's says otherwise.
    """

    code: str
    label: str
    describe: Callable[[Mapping[str, Any]], str]
    execute: Callable[[Approved], None]
    asker: Permission
    platform_asker: Permission | None = None
    approver: Permission = ApprovalPermission.DECIDE
    platform_approver: Permission = PlatformApprovalPermission.DECIDE
    always: bool = False
    has_rule: bool = True
    as_job: bool = False


_kinds: dict[str, ApprovalKind] = {}


def register(kind: ApprovalKind) -> ApprovalKind:
    """Make a kind known. Raises ValueError when its code is taken."""
    if _kinds.setdefault(kind.code, kind) != kind:
        raise ValueError(f"the approval kind {kind.code} is declared twice")
    return kind


def kind_named(code: str) -> ApprovalKind:
    """Raises KeyError when no feature declares it."""
    _discover()
    return _kinds[code]


def all_kinds() -> list[ApprovalKind]:
    """Every declared kind, by code."""
    _discover()
    return [_kinds[code] for code in sorted(_kinds)]


def label_of_kind(code: str) -> str:
    """What people call a kind; its code where no feature declares it any more."""
    _discover()
    return _kinds[code].label if code in _kinds else code


def digest_of(kind: str, payload: Mapping[str, Any]) -> str:
    """SHA-256 of the kind and the payload's meaning, however its members are ordered."""
    return hashlib.sha256(json.dumps([kind, payload], sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _forget(code: str) -> None:
    """For tests that declare kinds of their own."""
    _kinds.pop(code, None)


@cache
def _discover() -> None:
    """Late, since declarations import commands."""
    autodiscover_modules("approval_kinds")
