"""Reads of second factors and of sign-in policies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from apps.core.auth.step_up import AAL1, AAL2
from apps.core.tenancy import current_tenant_id, tenant
from apps.iam.authenticators import webauthn
from apps.iam.authenticators.errors import AuthenticatorNotFound
from apps.iam.authenticators.models import Kind, Passkey, PasskeyHandle, RecoveryCodes, SignInPolicy, Totp, every_kind
from apps.iam.roles import queries as roles
from apps.iam.users import queries as users
from apps.iam.users.errors import MemberNotFound


@dataclass(frozen=True, slots=True)
class Held:
    """The second factors of a person: passkeys by name, the confirmed authenticator app, recovery codes left."""

    passkeys: list[Passkey]
    totp: Totp | None
    codes: RecoveryCodes | None

    @property
    def kinds(self) -> frozenset[str]:
        found = {Kind.PASSKEY} if self.passkeys else set()
        return frozenset(found | ({Kind.TOTP} if self.totp else set()))

    @property
    def factors(self) -> list[Passkey | Totp]:
        return [*self.passkeys, *([self.totp] if self.totp else [])]

    @property
    def codes_left(self) -> int:
        return self.codes.left if self.codes else 0


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a tenant asks of one of its people: a second factor of one of these kinds, by `deadline` (None: now)."""

    is_required: bool
    methods: frozenset[str]
    deadline: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        return self.is_required and (self.deadline is None or self.deadline <= now)


@dataclass(frozen=True, slots=True)
class Security:
    """What a person sees of their own second factors."""

    held: Held
    asked: Requirement
    passkeys_available: bool

    @property
    def is_missing(self) -> bool:
        """True where the tenant asks for a kind that the person does not have."""
        return self.asked.is_required and not self.held.kinds & self.asked.methods


def security_of(user_id: UUID) -> Security:
    """A person's second factors, and what the current tenant asks for. Four statements, six where it asks."""
    return Security(held_by(user_id), requirement_of(user_id), webauthn.is_available())


def held_by(user_id: UUID) -> Held:
    """The second factors of a person. Three statements."""
    return Held(
        passkeys=list(Passkey.objects.filter(user_id=user_id).order_by("name", "id")),
        totp=Totp.objects.filter(user_id=user_id, confirmed_at__isnull=False).first(),
        codes=RecoveryCodes.objects.filter(user_id=user_id).first(),
    )


def kinds_of(user_id: UUID) -> frozenset[str]:
    """Which kinds of second factor a person has. Two statements."""
    found = {Kind.PASSKEY} if Passkey.objects.filter(user_id=user_id).exists() else set()
    has_app = Totp.objects.filter(user_id=user_id, confirmed_at__isnull=False).exists()
    return frozenset(found | ({Kind.TOTP} if has_app else set()))


def highest_acr(user_id: UUID) -> str:
    """`aal2` for whoever has a second factor, or must have one by now: in the current tenant, or outside any (where
    they sign in) in one of theirs. During a grace period the password is enough.
    """
    if kinds_of(user_id):
        return AAL2
    asked = [requirement_of(user_id)] if current_tenant_id() else requirements_everywhere(user_id).values()
    return AAL2 if any(one.is_due(timezone.now()) for one in asked) else AAL1


def authenticator_of(user_id: UUID, authenticator_id: UUID) -> Passkey | Totp:
    """One second factor of a person, also an app that is not confirmed. Raises AuthenticatorNotFound."""
    for model in (Passkey, Totp):
        found: Passkey | Totp | None = model.objects.filter(user_id=user_id, id=authenticator_id).first()
        if found is not None:
            return found
    raise AuthenticatorNotFound


def lock_authenticator(user_id: UUID, authenticator_id: UUID) -> Passkey | Totp:
    """As `authenticator_of`, locked to the end of the transaction."""
    for model in (Passkey, Totp):
        rows = model.objects.select_for_update().filter(user_id=user_id, id=authenticator_id)
        found: Passkey | Totp | None = rows.first()
        if found is not None:
            return found
    raise AuthenticatorNotFound


def handle_of(user_id: UUID) -> bytes | None:
    """The name by which authenticators know the person."""
    found = PasskeyHandle.objects.filter(user_id=user_id).values_list("handle", flat=True).first()
    return bytes(found) if found else None


def policy() -> SignInPolicy:
    """The current tenant's policy; one that asks for nothing, and was never saved, where there is none."""
    found: SignInPolicy | None = SignInPolicy.objects.in_tenant().first()
    return found or SignInPolicy(version=0)


def requirement_of(user_id: UUID) -> Requirement:
    """What the current tenant asks of one of its people. One statement, three where it asks for something."""
    rule = policy()
    methods = frozenset(rule.methods)
    if rule.mfa == SignInPolicy.Mfa.OPTIONAL or not rule.requires_of(roles.granted_to(user_id).roles):
        return Requirement(False, methods)
    try:
        member = users.membership(user_id)
    except MemberNotFound:
        return Requirement(False, methods)
    return Requirement(True, methods, rule.deadline(joined_at=member.joined_at or member.created_at))


def requirements_everywhere(user_id: UUID) -> dict[UUID, Requirement]:
    """What each tenant that a person belongs to asks of them. Up to three statements a tenant."""
    found = {}
    for membership in users.memberships_of(user_id):
        with tenant(membership.tenant_id):
            found[membership.tenant_id] = requirement_of(user_id)
    return found


def home_of(user_id: UUID) -> UUID | None:
    """The tenant that a person belongs to, if it is one. One statement."""
    found = {membership.tenant_id for membership in users.memberships_of(user_id)}
    return found.pop() if len(found) == 1 else None


def people_without(user_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the given people who have no second factor. Two statements."""
    wanted = set(user_ids)
    with_passkey = set(Passkey.objects.filter(user_id__in=wanted).values_list("user_id", flat=True))
    apps = Totp.objects.filter(user_id__in=wanted, confirmed_at__isnull=False)
    return wanted - with_passkey - set(apps.values_list("user_id", flat=True))


__all__ = [
    "Held",
    "Requirement",
    "Security",
    "authenticator_of",
    "every_kind",
    "handle_of",
    "held_by",
    "highest_acr",
    "home_of",
    "kinds_of",
    "lock_authenticator",
    "people_without",
    "policy",
    "requirement_of",
    "requirements_everywhere",
    "security_of",
]
