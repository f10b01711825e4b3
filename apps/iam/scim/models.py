"""What a tenant's directory says of its members, and the connections by which it says so."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.core.db.models import SoftDeletable, TenantScoped
from apps.core.history.tracking import tracked

USER_NAME_LENGTH = 254
EXTERNAL_ID_LENGTH = 255
ROLE_LENGTH = 63


@tracked(exclude=("user_name_key", "compared", "version", "updated_at", "updated_by"))
class DirectoryEntry(TenantScoped, SoftDeletable):
    """What the tenant's directory says of one member: nothing of it is told to other tenants of the same person.

    `user_id` names a member. The person's address, and whether they are suspended, are the membership's.
    """

    user_id = models.UUIDField()
    external_id = models.CharField(max_length=EXTERNAL_ID_LENGTH, blank=True, help_text="The directory's own id.")
    user_name = models.CharField(max_length=USER_NAME_LENGTH)
    user_name_key = models.CharField(max_length=USER_NAME_LENGTH * 2, editable=False, help_text="As it is compared.")
    attributes = models.JSONField(default=dict, help_text="Everything else, as SCIM writes it (RFC 7643 §4).")
    compared = models.JSONField(default=dict, editable=False, help_text="The same as it is compared, for filters.")

    personal_columns = dict.fromkeys(("external_id", "user_name", "user_name_key", "attributes", "compared"), "user_id")

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "user_id"],
                name="directory_entry_of_member_unique",
                condition=Q(deleted_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["tenant_id", "user_name_key"],
                name="directory_entry_user_name_unique",
                condition=Q(deleted_at__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["tenant_id", "external_id"], name="directory_entry_by_external_id")]

    def __str__(self) -> str:
        return self.user_name


@tracked(exclude=("version", "updated_at", "updated_by"))
class Connection(TenantScoped):
    """A directory that provisions this tenant: the service account that it calls as, and how it wants people made."""

    class Kind(models.TextChoices):
        OKTA = "okta", "Okta"
        ENTRA = "entra", "Microsoft Entra ID"
        OTHER = "other", "Another directory"

    account_id = models.UUIDField(help_text="The service account.")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.OTHER)
    default_role = models.CharField(max_length=ROLE_LENGTH, help_text="What people it makes hold at first.")
    sends_invitations = models.BooleanField(default=True, help_text="Whether people it makes get a mail.")

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "account_id"], name="scim_connection_of_account_unique")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} as {self.account_id}"
