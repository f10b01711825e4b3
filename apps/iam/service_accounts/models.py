"""Programs that act in a tenant by themselves, and the API keys by which programs and people are recognised."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.db.fields import TenantForeignKey
from apps.core.db.models import SoftDeletable, TenantScoped
from apps.core.history.tracking import tracked
from apps.iam.service_accounts.errors import ServiceAccountIsDeleted

NAME_LENGTH = 100
DESCRIPTION_LENGTH = 500
CONTACT_LENGTH = 254
ADDRESS_LENGTH = 64


# The version counts changes of roles too, which have a history of their own.
@tracked(exclude=("name_key", "version", "updated_at", "updated_by"))
class ServiceAccount(TenantScoped, SoftDeletable):
    """A program of the tenant's. Its id is the subject of its tokens, the holder of its roles and of its API keys, and
    the id of its OAuth client, where it has one.

    `owner_id` names the member who answers for it: an id, since members are another feature's.
    """

    name = models.CharField(max_length=NAME_LENGTH)
    name_key = models.CharField(max_length=NAME_LENGTH * 3, editable=False, help_text="For searching.")
    description = models.CharField(max_length=DESCRIPTION_LENGTH, blank=True, default="")
    owner_id = models.UUIDField(null=True, blank=True, help_text="The member who answers for it.")
    contact = models.CharField(
        max_length=CONTACT_LENGTH, blank=True, default="", help_text="Whom to ask: an address, a channel, a team."
    )
    is_enabled = models.BooleanField(default=True)

    role_codes: list[str]  # brought along by `queries.service_accounts` and `queries.service_account`
    has_client: bool
    live_keys: int

    personal_columns = {"contact": "owner_id"}

    class Meta(TenantScoped.Meta):
        indexes = [models.Index(fields=["tenant_id", "name_key", "id"], name="service_account_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """`active`, `disabled` or `deleted`."""
        if self.is_deleted:
            return "deleted"
        return "active" if self.is_enabled else "disabled"

    def rename(self, name: str) -> None:
        self.name, self.name_key = name, name.casefold()

    def must_exist(self) -> None:
        """Raises ServiceAccountIsDeleted."""
        if self.is_deleted:
            raise ServiceAccountIsDeleted


@tracked(exclude=("digest", "version", "updated_at", "updated_by"))
class ApiKey(TenantScoped):
    """A secret by which a service account, or a person, is recognised. Only its digest is kept.

    `scopes` are permissions; None: all that the holder has. A key never allows more than its holder may do at the
    moment of its use.
    """

    class HolderKind(models.TextChoices):
        USER = "user"
        SERVICE = "service"

    holder_kind = models.CharField(max_length=16, choices=HolderKind)
    holder_id = models.UUIDField()
    name = models.CharField(max_length=NAME_LENGTH)
    hint = models.CharField(max_length=16, help_text="The end of the key, to tell it from others.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the key, in hexadecimal.")
    scopes = ArrayField(models.CharField(max_length=100), null=True, blank=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.UUIDField(null=True, blank=True)
    replaces_id = models.UUIDField(null=True, blank=True, help_text="The key that this one was made to replace.")

    last_used_at: datetime | None  # brought along by `queries.keys_of`
    last_used_from: str | None
    used_here_at: datetime | None  # brought along by `queries.key_by_digest`

    personal_columns = {"name": "holder_id"}

    class Meta(TenantScoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "digest"], name="api_key_digest_unique")]
        indexes = [models.Index(fields=["tenant_id", "holder_id", "-created_at"], name="api_key_by_holder")]

    def __str__(self) -> str:
        return f"{self.name} …{self.hint}"

    def state_at(self, now: datetime) -> str:
        """`active`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if now < self.expires_at else "expired"

    def revoke(self, *, at: datetime, by: UUID | None) -> None:
        self.revoked_at, self.revoked_by = at, by

    def end_by(self, moment: datetime) -> None:
        """End then, unless it ends before."""
        self.expires_at = min(self.expires_at, moment)


class ApiKeyUse(TenantScoped):
    """From where a key was used, and when last: within the minute, since it is not written at each request."""

    key = TenantForeignKey(ApiKey, on_delete=models.CASCADE, related_name="uses")
    address = models.CharField(max_length=ADDRESS_LENGTH, help_text="Of IPv6, the network of one customer (/64).")
    first_used_at = models.DateTimeField()
    last_used_at = models.DateTimeField()

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "key", "address"], name="api_key_use_address_unique")
        ]

    def __str__(self) -> str:
        return f"{self.key_id} from {self.address}"
