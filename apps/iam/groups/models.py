"""Groups of people and service accounts. What a group may do is said by the roles it holds."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.core.db.fields import TenantForeignKey
from apps.core.db.models import SoftDeletable, TenantScoped
from apps.core.history.tracking import tracked

NAME_LENGTH = 200
DESCRIPTION_LENGTH = 500
EXTERNAL_ID_LENGTH = 255


@tracked(exclude=("name_key", "version", "updated_at", "updated_by"))
class Group(TenantScoped, SoftDeletable):
    """Some of a tenant's people and service accounts, under a name. Its version covers its members too."""

    name = models.CharField(max_length=NAME_LENGTH)
    name_key = models.CharField(max_length=NAME_LENGTH * 2, editable=False, help_text="The name as it is compared.")
    description = models.CharField(max_length=DESCRIPTION_LENGTH, blank=True)
    external_id = models.CharField(
        max_length=EXTERNAL_ID_LENGTH, blank=True, help_text="What the system that provisions it calls it."
    )

    member_count: int  # these two are brought along by `queries.groups` and `queries.group`
    role_codes: list[str]

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "name_key"], name="group_name_unique", condition=Q(deleted_at__isnull=True)
            ),
            models.UniqueConstraint(
                fields=["tenant_id", "external_id"],
                name="group_external_id_unique",
                condition=Q(deleted_at__isnull=True) & ~Q(external_id=""),
            ),
        ]
        indexes = [models.Index(fields=["tenant_id", "name_key", "id"], name="group_by_name")]

    def __str__(self) -> str:
        return self.name


@tracked(exclude=("version", "updated_at", "updated_by"))
class GroupMember(TenantScoped, SoftDeletable):
    """Somebody belongs to a group. `member_id` is a user's id or an application's."""

    class Kind(models.TextChoices):
        USER = "user"
        SERVICE = "service"

    group = TenantForeignKey(Group, related_name="members")
    member_id = models.UUIDField()
    member_kind = models.CharField(max_length=16, choices=Kind, default=Kind.USER)

    class Meta(TenantScoped.Meta):
        constraints = [
            # Led by the member, since every request asks for the groups of its caller.
            models.UniqueConstraint(
                fields=["tenant_id", "member_id", "group"],
                name="group_member_once",
                condition=Q(deleted_at__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["tenant_id", "group", "id"], name="group_member_by_group")]

    def __str__(self) -> str:
        return f"{self.member_id} in {self.group_id}"
