"""Clients, grants and tokens of the identity provider: django-oauth-toolkit's models, with ours added.

All are platform tables: they are read before anybody is in a tenant, by secrets nobody can guess. `sid` is the
provider session in which somebody signed in, `tenant_id` the tenant they chose there.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from oauth2_provider.models import (
    AbstractAccessToken,
    AbstractApplication,
    AbstractGrant,
    AbstractIDToken,
    AbstractRefreshToken,
    ApplicationManager,
)

from apps.core.db.ids import uuid7
from apps.core.db.models import SoftDeletable
from apps.core.history.tracking import tracked
from apps.iam.oidc import pairwise
from apps.iam.oidc.clients import uris

DESCRIPTION_LENGTH = 500
ES256, RS256 = "ES256", "RS256"

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@tracked(exclude=("client_secret", "previous_secret"))
class Application(AbstractApplication, SoftDeletable):  # type: ignore[django-manager-missing]
    """A client: a program that asks for tokens. Without `tenant_id` it is the platform's own.

    A machine is the client of a service account: its id is the account's, and the subject of its tokens. What may be
    said of a tenant's client is for `clients.facts` to check.
    """

    in_exports = True  # of the tenant that it belongs to

    class Kind(models.TextChoices):
        WEB = "web"
        NATIVE = "native"
        SINGLE_PAGE = "single_page"
        MACHINE = "machine"

    class SubjectType(models.TextChoices):
        PUBLIC = "public"
        PAIRWISE = "pairwise"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField(null=True, blank=True, db_index=True)
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.WEB, db_default=Kind.WEB)
    description = models.CharField(max_length=DESCRIPTION_LENGTH, blank=True, default="", db_default="")
    logo_uri = models.CharField(max_length=500, blank=True, default="", db_default="")
    allowed_scopes = models.TextField(
        blank=True, default="", db_default="", help_text="Separated by spaces; empty: all that its kind may have."
    )
    access_token_lifetime_s = models.PositiveIntegerField(null=True, blank=True)
    refresh_token_lifetime_s = models.PositiveIntegerField(null=True, blank=True)
    is_enabled = models.BooleanField(default=True, db_default=True)
    backchannel_logout_uri = models.CharField(
        max_length=500, blank=True, default="", db_default="", help_text="Told of the end of sessions."
    )
    backchannel_logout_session_required = models.BooleanField(
        default=False, db_default=False, help_text="Wants `sid` in logout tokens; ours always have it."
    )
    may_exchange_tokens = models.BooleanField(
        default=False, db_default=False, help_text="Trusted with token exchange: the platform's own decision."
    )
    previous_secret = models.CharField(max_length=255, blank=True, default="", db_default="", editable=False)
    previous_secret_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False, help_text="The ETag.")
    algorithm = models.CharField(
        max_length=5,
        choices=[(ES256, "ECDSA P-256"), (RS256, "RSA")],
        default=ES256,
        help_text="How this client's ID tokens are signed.",
    )
    device_grant_allowed = models.BooleanField(
        default=False,
        db_default=False,
        help_text="A native one may also begin without a browser (RFC 8628).",
    )
    subject_type = models.CharField(
        max_length=8,
        choices=SubjectType,
        default=SubjectType.PUBLIC,
        db_default=SubjectType.PUBLIC,
        help_text="Whether it knows people by the same subject as other clients do.",
    )

    objects: ClassVar[Any] = ApplicationManager()

    class Meta(AbstractApplication.Meta):
        pass

    def natural_key(self) -> tuple[str]:
        return (self.client_id,)

    def get_absolute_url(self) -> str:
        """The admin's page: there are no management views besides."""
        return f"/admin/oidc/application/{self.pk}/change/"

    def clean(self) -> None:
        """As the library's, which looks for an RSA key in the settings: ours are made when they are needed."""
        try:
            super().clean()
        except ValidationError as error:
            others = {name: errors for name, errors in error.error_dict.items() if name != "algorithm"}
            if others:
                raise ValidationError(others) from error

    def redirect_uri_allowed(self, uri: str) -> bool:
        """Character by character (RFC 9700 §4.1.3). A native one on the loopback interface may use any port (RFC 8252
        §7.3).
        """
        allowed = self.redirect_uris.split()
        if uri in allowed:
            return True
        return self.kind == self.Kind.NATIVE and uris.is_same_but_for_loopback_port(uri, allowed)

    def allows_grant_type(self, *grant_types: str) -> bool:
        """The grant of its kind; that of devices beside it, where it is allowed."""
        if self.GRANT_DEVICE_CODE in grant_types and self.kind == self.Kind.NATIVE and self.device_grant_allowed:
            return True
        return bool(super().allows_grant_type(*grant_types))

    def post_logout_redirect_uri_allowed(self, uri: str) -> bool:
        return uri in self.post_logout_redirect_uris.split()

    def get_allowed_schemes(self) -> list[str]:
        """https; http too where every registered address that uses it is this machine's or our own origin."""
        schemes = list(super().get_allowed_schemes())
        uris = [*self.redirect_uris.split(), *self.post_logout_redirect_uris.split()]
        plain = [uri for uri in uris if urlsplit(uri).scheme == "http"]
        return [*schemes, "http"] if plain and all(map(_may_be_plain, plain)) else schemes

    @property
    def state(self) -> str:
        """`active`, `disabled` or `deleted`."""
        if self.is_deleted:
            return "deleted"
        return "active" if self.is_enabled else "disabled"

    @property
    def is_pairwise(self) -> bool:
        return self.subject_type == self.SubjectType.PAIRWISE

    @property
    def sector(self) -> str:
        """Raises ValueError where the redirect addresses are on several hosts: `clients.facts` sees to it."""
        return pairwise.sector_of(self.client_id, self.redirect_uris.split())

    def is_usable(self, request: Any) -> bool:
        """django-oauth-toolkit's hook: asked each time that a client shows up."""
        return self.state == "active"

    def spare_secret_at(self, now: datetime) -> str:
        """The hash of the secret of before, while it is still good after a rotation; empty otherwise."""
        ends = self.previous_secret_expires_at
        return self.previous_secret if ends is not None and now < ends else ""


def _may_be_plain(uri: str) -> bool:
    parts, own = urlsplit(uri), urlsplit(settings.OIDC_ISSUER)
    return parts.hostname in _LOOPBACK or (parts.scheme, parts.netloc) == (own.scheme, own.netloc)


class Grant(AbstractGrant):
    """An authorization code. A used one stays until it is swept, so that a second use is noticed."""

    sid = models.UUIDField(null=True)
    tenant_id = models.UUIDField(null=True)
    authenticated_at = models.DateTimeField(default=timezone.now)
    auth_hash = models.CharField(max_length=128, editable=False, help_text="Changes with the person's password.")
    acr = models.CharField(max_length=16, blank=True, default="", help_text="How sure we were of the person.")
    amr = models.JSONField(default=list, blank=True, help_text="By which methods (RFC 8176).")
    token_family = models.UUIDField(default=uuid4, editable=False)
    redeemed_at = models.DateTimeField(null=True)

    class Meta(AbstractGrant.Meta):
        pass


class AccessToken(AbstractAccessToken):
    """The record of an access token that was issued. Services verify the token itself and never ask here."""

    sid = models.UUIDField(null=True, db_index=True)
    tenant_id = models.UUIDField(null=True)
    token_family = models.UUIDField(null=True, editable=False, db_index=True)
    authenticated_at = models.DateTimeField(null=True)
    acr = models.CharField(max_length=16, blank=True, default="", db_default="")
    claims = models.JSONField(null=True, blank=True, help_text="Single claims that were asked for (`claims`).")

    class Meta(AbstractAccessToken.Meta):
        pass


class RefreshToken(AbstractRefreshToken):
    """A link in a chain of refresh tokens: each is used once, and a second use revokes the whole family."""

    sid = models.UUIDField(null=True, db_index=True)
    tenant_id = models.UUIDField(null=True)
    authenticated_at = models.DateTimeField(default=timezone.now)
    auth_hash = models.CharField(max_length=128, editable=False, help_text="Changes with the person's password.")
    acr = models.CharField(max_length=16, blank=True, default="", help_text="How sure we were of the person.")
    amr = models.JSONField(default=list, blank=True, help_text="By which methods (RFC 8176).")
    claims = models.JSONField(null=True, blank=True, help_text="Single claims that were asked for (`claims`).")

    class Meta(AbstractRefreshToken.Meta):
        pass

    @classmethod
    def revoke_family(cls, token_family: UUID | None) -> None:
        """Revoke everything that came from one sign-in at one client."""
        super().revoke_family(token_family)
        if token_family:
            AccessToken.objects.filter(token_family=token_family).delete()


class IDToken(AbstractIDToken):
    """The record of an ID token, by which a sign-out request is recognised as ours."""

    sid = models.UUIDField(null=True, db_index=True)
    tenant_id = models.UUIDField(null=True)

    class Meta(AbstractIDToken.Meta):
        pass


class SigningKey(models.Model):
    """A key that the provider signs tokens with, and its way: next, signing, retired.

    Of each algorithm in use there are two live ones, the signing key and the next, which is published long before it is
    needed. A retired key stays published until what it signed has expired; its private half is gone.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kid = models.CharField(max_length=64, unique=True, help_text="The RFC 7638 thumbprint.")
    algorithm = models.CharField(max_length=8, choices=[(ES256, ES256), (RS256, RS256)])
    public_jwk = models.JSONField(help_text="As it is published (RFC 7517).")
    private_key_sealed = models.BinaryField(default=b"", help_text="The private half, sealed; empty once retired.")
    created_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True, help_text="When it began to sign.")
    retired_at = models.DateTimeField(null=True, help_text="When it ceased to sign.")
    published_until = models.DateTimeField(null=True, help_text="When the last token that it signed is over.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_signing_key", fields=["algorithm"], condition=Q(activated_at__isnull=False, retired_at=None)
            ),
            models.UniqueConstraint(name="one_next_key", fields=["algorithm"], condition=Q(activated_at=None)),
            models.CheckConstraint(
                name="retired_key_was_published",
                condition=Q(retired_at=None, published_until=None)
                | Q(activated_at__isnull=False, retired_at__isnull=False, published_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} {self.kid}"

    @property
    def is_next(self) -> bool:
        return self.activated_at is None

    @property
    def is_signing(self) -> bool:
        return self.activated_at is not None and self.retired_at is None

    def has_signed_since(self, moment: datetime) -> bool:
        """True if it began to sign at that moment or before."""
        return self.activated_at is not None and self.activated_at <= moment


class DeviceAuthorization(models.Model):
    """A device without a browser that waits to be let in (RFC 8628), and the sign-in of whoever decided about it.

    The library's own model keeps both codes in clear, and knows neither tenant nor session.
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        ALLOWED = "allowed"
        REFUSED = "refused"
        REDEEMED = "redeemed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    scope = models.TextField(blank=True)
    device_code_hash = models.CharField(max_length=64, unique=True)
    user_code_hash = models.CharField(max_length=64, unique=True)
    interval_s = models.PositiveIntegerField(help_text="The least time between two questions of the device.")
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    polled_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", null=True)
    sid = models.UUIDField(null=True)
    tenant_id = models.UUIDField(null=True)
    authenticated_at = models.DateTimeField(null=True)
    auth_hash = models.CharField(max_length=128, blank=True, default="")
    acr = models.CharField(max_length=16, blank=True, default="")
    amr = models.JSONField(default=list, blank=True)
    token_family = models.UUIDField(null=True)

    def __str__(self) -> str:
        return f"{self.status} device of {self.application_id}"

    def state_at(self, now: datetime) -> str:
        """What a device that asks is told (RFC 8628 §3.5); `authorized` and `redeemed` beside the errors there."""
        if self.status == self.Status.REDEEMED:
            return "redeemed"
        if self.expires_at <= now:
            return "expired_token"
        if self.status == self.Status.REFUSED:
            return "access_denied"
        return "authorized" if self.status == self.Status.ALLOWED else "authorization_pending"

    def is_polled_too_fast(self, now: datetime) -> bool:
        return self.polled_at is not None and now < self.polled_at + timedelta(seconds=self.interval_s)


class PairwiseSubject(models.Model):
    """The name that the clients of one sector know a person by. See `pairwise`."""

    subject = models.UUIDField(primary_key=True, editable=False)
    sector = models.CharField(max_length=255)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(name="one_subject_in_a_sector", fields=["user", "sector"])]

    def __str__(self) -> str:
        return f"{self.subject} in {self.sector}"
