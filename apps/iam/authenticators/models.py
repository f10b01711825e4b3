"""What people prove with, besides their password, who they are; and what a tenant asks of them.

The first four are platform tables: they belong to a person, who may be a member of several tenants, and are read
before anybody is in one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.core.db.models import Entity, TenantScoped
from apps.core.history.tracking import tracked

NAME_LENGTH = 100
_STAMPS = ("version", "updated_at", "updated_by")


class Kind(models.TextChoices):
    """A kind of second factor. Recovery codes stand in for either."""

    TOTP = "totp", "Authenticator app"
    PASSKEY = "passkey", "Passkey"


class PasskeyHandle(models.Model):
    """The name by which authenticators know a person: random, so that it tells nothing (WebAuthn §14.6.1)."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="+")
    handle = models.BinaryField(max_length=64, unique=True)

    application_grants = ("SELECT", "INSERT")

    def __str__(self) -> str:
        return f"handle of {self.user_id}"


@tracked(exclude=("credential_id", "public_key", "sign_count", "last_used_at", *_STAMPS))
class Passkey(Entity):
    """A discoverable WebAuthn credential. Its authenticator verifies the person, so it is two factors in one.

    `sign_count` is the authenticator's at the last use: one that does not grow shows that the key was copied
    (WebAuthn §6.1.1); 0 for ever is an authenticator that does not count.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=NAME_LENGTH)
    credential_id = models.BinaryField(max_length=1023, unique=True)
    public_key = models.BinaryField(help_text="COSE key (RFC 9052), as the authenticator sent it.")
    aaguid = models.UUIDField(help_text="The authenticator's model.")
    transports = ArrayField(models.CharField(max_length=20), default=list)
    sign_count = models.PositiveBigIntegerField(default=0)
    is_synced = models.BooleanField(help_text="Lives in more than one device, by the word of the authenticator.")
    last_used_at = models.DateTimeField(null=True)

    personal_columns = {"name": "user_id"}

    def __str__(self) -> str:
        return self.name

    kind = Kind.PASSKEY


@tracked(exclude=("sealed_secret", "last_step", "last_used_at", *_STAMPS))
class Totp(Entity):
    """An authenticator app that shares a secret with us (RFC 6238). It counts once a code has confirmed it.

    `last_step` is the time step of the last code that was taken: none up to it is taken again (RFC 6238 §5.2).
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=NAME_LENGTH)
    sealed_secret = models.BinaryField(editable=False)
    last_step = models.PositiveBigIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    personal_columns = {"name": "user_id"}

    class Meta(Entity.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["user"], name="totp_confirmed_unique", condition=Q(confirmed_at__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["user"], name="totp_pending_unique", condition=Q(confirmed_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    kind = Kind.TOTP


@tracked(exclude=("fingerprints", "last_used_at", *_STAMPS))
class RecoveryCodes(Entity):
    """The codes that a person has left, each good once. Kept as keyed hashes: nobody can read them, us included."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    fingerprints = ArrayField(models.CharField(max_length=64), editable=False)
    made_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.left} recovery codes"

    @property
    def left(self) -> int:
        return len(self.fingerprints)


def every_kind() -> list[str]:
    return list(Kind.values)


@tracked(exclude=_STAMPS)
class SignInPolicy(TenantScoped):
    """What a tenant asks of its people when they sign in. A tenant without one asks for nothing special."""

    class Mfa(models.TextChoices):
        OPTIONAL = "optional", "Nobody has to"
        ROLES = "roles", "People with certain roles"
        EVERYBODY = "everybody", "Everybody"

    mfa = models.CharField(max_length=16, choices=Mfa, default=Mfa.OPTIONAL)
    mfa_roles = ArrayField(models.CharField(max_length=63), default=list, blank=True)
    mfa_since = models.DateTimeField(null=True, help_text="Since when a second factor is required of anybody.")
    grace_days = models.PositiveSmallIntegerField(default=0)
    methods = ArrayField(models.CharField(max_length=16, choices=Kind), default=every_kind)
    session_max_s = models.PositiveIntegerField(null=True, help_text="Seconds after which people sign in anew.")

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id"], name="sign_in_policy_unique"),
            models.CheckConstraint(name="sign_in_policy_grace", condition=Q(grace_days__lte=90)),
            models.CheckConstraint(
                name="sign_in_policy_since", condition=Q(mfa="optional") | Q(mfa_since__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"sign-in policy of {self.tenant_id}"

    def requires_of(self, role_codes: Any) -> bool:
        """True if somebody with these roles must have a second factor, at the latest when the grace is over."""
        if self.mfa == self.Mfa.ROLES:
            return bool(set(self.mfa_roles) & set(role_codes))
        return self.mfa == self.Mfa.EVERYBODY

    def deadline(self, *, joined_at: datetime | None) -> datetime | None:
        """Until when somebody who joined then may sign in without; None where there is no grace."""
        if not self.grace_days or self.mfa_since is None:
            return None
        return max(self.mfa_since, joined_at or self.mfa_since) + timedelta(days=self.grace_days)
