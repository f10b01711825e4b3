"""The one thing a service knows of its caller."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from apps.core.auth import recent
from apps.core.auth.decision import Decision, Reason, decide
from apps.core.auth.grants import Holdings, Resource
from apps.core.auth.permissions import Permission
from apps.core.auth.plan_limits import PlanLimits
from apps.core.errors import Forbidden
from apps.core.history import Actor

API_KEY = "api_key"  # as `method`


class MissingPermission(Forbidden):
    """The caller's roles do not include a permission that this needs."""

    code = "missing_permission"

    @classmethod
    def of(cls, decision: Decision, label: str) -> Self:
        """The refusal that a decision is, in words."""
        named: dict[str, Any] = {"resource": str(decision.resource)} if decision.resource else {}
        if decision.verdict.policies:
            named["policies"] = list(decision.verdict.policies)
        if decision.verdict.error:
            named["policy_error"] = decision.verdict.error
        return cls(
            f"this needs the permission {decision.permission} ({label}), {_why(decision)}",
            permission=decision.permission,
            reason=str(decision.reason),
            **named,
        )


_WHY = {
    Reason.NOT_GRANTED: "which none of your roles holds",
    Reason.FORBIDDEN: "which a policy of your company forbids you here and now",
    Reason.LIMITED: "which is beyond what this credential was issued for",
    Reason.NO_STANDING: "and you are suspended",
    Reason.IMPERSONATED: "which is used in person only",
}


def _why(decision: Decision) -> str:
    """The reason in words; policies are named, so that people know whom to ask about what."""
    if decision.verdict.error:
        return "and a policy of your company that has a say in it could not be evaluated"
    if decision.reason is Reason.FORBIDDEN and decision.verdict.policies:
        named = ", ".join(f"“{name}”" for name in decision.verdict.policies)
        return f"which a policy of your company forbids you here and now: {named}"
    return _WHY[decision.reason]


class NotWhileImpersonating(Forbidden):
    """People decide this in person: stop acting as somebody else first."""

    code = "not_while_impersonating"


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or a service account, in one tenant, with what it may do there.

    `permissions` are those that its roles allow in the whole tenant, for showing; `holdings` are the roles themselves,
    by which `may` and `require` decide. Whoever limits a credential to some permissions (an API key's scopes) sets
    `limited_to`. `standing` is empty but for explanations: it says what keeps out somebody who cannot call.

    `method` says how it was authenticated; `via_cookie` is true where a browser sends the credential by itself,
    so that a CSRF token is asked for.
    """

    subject: UUID
    kind: Literal["user", "service"]
    tenant_id: UUID
    permissions: frozenset[str]
    name: str = ""
    email: str = ""
    tenant_name: str = ""
    tenant_slug: str = ""
    # How pages are shown to them: the person's own choice, else the tenant's.
    time_zone: str = "UTC"
    tenant_time_zone: str = "UTC"  # in which policies read the clock
    colour: str = ""
    roles: tuple[str, ...] = ()
    method: str = "bearer"
    session_id: str = ""
    scopes: frozenset[str] = field(default_factory=frozenset)
    via_cookie: bool = False
    # How sure we are of a person, and since when: OpenID Connect Core §2.
    acr: str = ""
    authenticated_at: datetime | None = None
    # Who acts in this person's name (RFC 8693 §4.1, `act`).
    impersonator_id: UUID | None = None
    impersonator_name: str = ""
    holdings: Holdings = field(default=None, compare=False, repr=False)  # type: ignore[assignment]
    limited_to: frozenset[str] | None = None
    standing: str = ""
    limits: PlanLimits | None = None  # what the tenant's plan allows; None where there is no tenant

    def __post_init__(self) -> None:
        if self.holdings is None:
            object.__setattr__(self, "holdings", Holdings.flat(self.permissions))

    # What Django REST framework asks of a `request.user`.
    is_authenticated = True
    is_active = True

    @property
    def pk(self) -> UUID:
        return self.subject

    @property
    def actor(self) -> Actor:
        return Actor(
            kind=self.kind,
            id=self.subject,
            name=self.name or self.email,
            impersonator_id=self.impersonator_id,
            impersonator_name=self.impersonator_name,
            limited_to=self.permissions if self.method == API_KEY or self.is_impersonated else None,
        )

    @property
    def is_impersonated(self) -> bool:
        """True while somebody else acts in this person's name."""
        return self.impersonator_id is not None

    def decide(self, permission: str, resource: Resource | None = None) -> Decision:
        """Whether it may do this to the resource, or in the tenant as a whole, and why. See `decision.decide`."""
        return decide(self, permission, resource)

    def may(self, permission: str, resource: Resource | None = None) -> bool:
        """True if it may do this to the resource, or in the tenant as a whole where none is named."""
        return decide(self, permission, resource).allowed

    def require_in_person(self) -> None:
        """Raises NotWhileImpersonating when somebody else acts in this person's name."""
        if self.is_impersonated:
            raise NotWhileImpersonating(f"{self.impersonator_name} acts as {self.name}: stop that first")

    def require(self, permission: Permission | str, resource: Resource | None = None) -> None:
        """Raises MissingPermission, naming the permission and the reason, or NotWhileImpersonating."""
        decision = decide(self, permission, resource)
        recent.note(self, decision)
        if decision.reason is Reason.IMPERSONATED:
            self.require_in_person()
        if not decision.allowed:
            label = permission.label if isinstance(permission, Permission) else str(permission)
            raise MissingPermission.of(decision, label)
