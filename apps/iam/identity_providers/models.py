"""Identity providers of others (OpenID Connect) whom a tenant trusts, the identities there, and e-mail domains."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.core.crypto.sealing import seal, unseal
from apps.core.db.fields import TenantForeignKey
from apps.core.db.models import Entity, SoftDeletable, TenantScoped
from apps.core.history.tracking import tracked

NAME_LENGTH = 100
URL_LENGTH = 500
CLIENT_ID_LENGTH = 255
SUBJECT_LENGTH = 255
DOMAIN_LENGTH = 253
_PURPOSE = "identity provider"
_STAMPS = ("version", "updated_at", "updated_by")


def usual_scopes() -> list[str]:
    return ["openid", "email", "profile"]


@tracked(exclude=("sealed_secret", *_STAMPS))
class IdentityProvider(TenantScoped, SoftDeletable):
    """Somebody else's OpenID Connect provider with which people of the tenant sign in.

    `issuer` is its identifier, below which its configuration is found. Who is let in is said by the links of people
    with identities there; by `linking` and `provisions` links come into being at the first sign-in, for addresses of
    `email_domains` that the tenant has proved to be its own.
    """

    class Linking(models.TextChoices):
        NEVER = "never", "Only by the person, in their account"
        VERIFIED_EMAIL = "verified_email", "By itself, where the e-mail address is the same and verified"

    name = models.CharField(max_length=NAME_LENGTH)
    issuer = models.CharField(max_length=URL_LENGTH)
    client_id = models.CharField(max_length=CLIENT_ID_LENGTH, blank=True)
    sealed_secret = models.BinaryField(null=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=100), default=usual_scopes)
    email_claim = models.CharField(max_length=100, default="email")
    name_claim = models.CharField(max_length=100, default="name")
    groups_claim = models.CharField(max_length=100, blank=True)
    role_mapping = models.JSONField(default=dict, blank=True, help_text="Roles by value of the groups claim.")
    email_domains = ArrayField(models.CharField(max_length=DOMAIN_LENGTH), default=list, blank=True)
    linking = models.CharField(max_length=16, choices=Linking, default=Linking.NEVER)
    provisions = models.BooleanField(default=False, help_text="Makes accounts at the first sign-in.")
    default_roles = ArrayField(models.CharField(max_length=63), default=list, blank=True)
    acr_values = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    trusts_mfa = models.BooleanField(default=False, help_text="Takes its word that a second factor was used.")
    is_enabled = models.BooleanField(default=False)

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "name"], name="identity_provider_name_unique", condition=Q(deleted_at__isnull=True)
            ),
            models.CheckConstraint(name="identity_provider_enabled", condition=Q(is_enabled=False) | ~Q(client_id="")),
        ]
        indexes = [models.Index(fields=["tenant_id", "name", "id"], name="identity_provider_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def has_secret(self) -> bool:
        return self.sealed_secret is not None

    @property
    def state(self) -> str:
        return "deleted" if self.is_deleted else "active" if self.is_enabled else "disabled"

    def set_secret(self, secret: str) -> None:
        """Keep another client secret; "" for a client without one, which proves itself by PKCE alone."""
        place = str(self.id)
        self.sealed_secret = seal(secret.encode(), purpose=_PURPOSE, place=place) if secret else None

    def secret(self) -> str:
        """The client secret, "" where there is none. Raises crypto.sealing.Unreadable."""
        if self.sealed_secret is None:
            return ""
        return unseal(bytes(self.sealed_secret), purpose=_PURPOSE, place=str(self.id)).decode()


@tracked(exclude=("last_used_at", *_STAMPS))
class IdentityLink(TenantScoped):
    """A person of the tenant is the one whom an identity provider calls `subject`."""

    provider = TenantForeignKey(IdentityProvider, related_name="links")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=SUBJECT_LENGTH)
    email = models.CharField(max_length=254, blank=True, help_text="As the provider called it when it was linked.")
    last_used_at = models.DateTimeField(null=True)

    personal_columns = {"subject": "user_id", "email": "user_id"}

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "provider", "subject"], name="identity_link_of_subject_once"),
            models.UniqueConstraint(fields=["tenant_id", "provider", "user"], name="identity_link_of_person_once"),
        ]
        indexes = [models.Index(fields=["user"], name="identity_link_by_person")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.provider_id}"


@tracked(exclude=_STAMPS)
class EmailDomain(Entity):
    """A tenant says that an e-mail domain is its own, and has proved it since `verified_at`.

    A platform table: an address is typed before anybody is in a tenant, and one company alone can prove a domain.
    """

    in_exports = True  # of the tenant that says so

    tenant_id = models.UUIDField(null=True, db_index=True)
    domain = models.CharField(max_length=DOMAIN_LENGTH)
    verified_at = models.DateTimeField(null=True)

    class Meta(Entity.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["domain"], name="email_domain_proved_once", condition=Q(verified_at__isnull=False)
            ),
            models.UniqueConstraint(fields=["tenant_id", "domain"], name="email_domain_claimed_once"),
        ]

    def __str__(self) -> str:
        return self.domain

    @property
    def is_verified(self) -> bool:
        return self.verified_at is not None
