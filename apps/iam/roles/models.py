"""Roles beyond the built-in ones, who holds which role, and which roles nobody may hold together."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.core.db.models import SoftDeletable, TenantScoped
from apps.core.history.tracking import tracked

CODE = r"^[a-z][a-z0-9_-]{1,62}$"
CODE_LENGTH = 63
NAME_LENGTH = 100
DESCRIPTION_LENGTH = 500


@tracked(exclude=("version", "updated_at", "updated_by"))
class Role(TenantScoped, SoftDeletable):
    """A role that a tenant made for itself. The built-in ones are computed from code and have no rows.

    It allows its own `permissions` and all that the roles in `includes` allow, built-in ones or the tenant's own. A
    deleted role keeps its code, so that restoring it brings back the same thing.
    """

    code = models.CharField(max_length=CODE_LENGTH)
    name = models.CharField(max_length=NAME_LENGTH)
    description = models.CharField(max_length=DESCRIPTION_LENGTH, blank=True, default="", db_default="")
    permissions = ArrayField(models.CharField(max_length=100), default=list)
    includes = ArrayField(
        models.CharField(max_length=CODE_LENGTH), default=list, db_default=[], blank=True, help_text="Codes of roles."
    )

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "code"], name="role_code_unique"),
            models.CheckConstraint(name="role_code_is_plain", condition=Q(code__regex=CODE)),
        ]

    def __str__(self) -> str:
        return self.name


@tracked(exclude=("version", "updated_at", "updated_by"))
class RoleAssignment(TenantScoped, SoftDeletable):
    """A person, a service account or a group holds a role in a tenant: everywhere, or for one object only; for good, or
    until `expires_at`, from which moment on it counts for nothing, whether it has been ended yet or not.

    `holder_id` is the id of a user, an application or a group: an id, not a foreign key, since they are kept apart.
    """

    class HolderKind(models.TextChoices):
        USER = "user"
        SERVICE = "service"
        GROUP = "group"

    holder_id = models.UUIDField()
    holder_kind = models.CharField(max_length=16, choices=HolderKind, default=HolderKind.USER)
    role_code = models.CharField(max_length=CODE_LENGTH)
    resource_type = models.CharField(
        max_length=32, blank=True, default="", db_default="", help_text="Empty: it counts in the whole tenant."
    )
    resource_id = models.UUIDField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "holder_id", "role_code", "resource_type", "resource_id"],
                name="role_assignment_once",
                condition=Q(deleted_at__isnull=True),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="role_assignment_scope_is_whole",
                condition=Q(resource_type="", resource_id__isnull=True)
                | ~Q(resource_type="") & Q(resource_id__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "role_code"], name="role_assignment_by_role"),
            # Led by the holder: at sign-in a person's own are read before any tenant is entered. Ended ones too.
            models.Index(fields=["holder_id", "tenant_id"], name="role_assignment_by_holder"),
            models.Index(
                fields=["tenant_id", "expires_at"],
                name="role_assignment_by_expiry",
                condition=Q(deleted_at__isnull=True, expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role_code} for {self.holder_id}"

    @property
    def scope(self) -> str:
        """`order:<id>`, or nothing where it counts in the whole tenant."""
        return f"{self.resource_type}:{self.resource_id}" if self.resource_type else ""

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def state(self, now: datetime) -> str:
        """`active`, `expired`, or `ended` by somebody before it expired."""
        if self.expires_at is not None and self.expires_at <= (self.deleted_at or now):
            return "expired"
        return "ended" if self.is_deleted else "active"


@tracked(exclude=("version", "updated_at", "updated_by"))
class SeparationRule(TenantScoped, SoftDeletable):
    """Nobody may hold these two roles together: neither directly, nor by inheritance, nor by a group.

    Static separation of duty (ANSI INCITS 359-2012, RBAC, §6.3). `first_role` is the lesser code, so that a pair has
    one spelling.
    """

    name = models.CharField(max_length=NAME_LENGTH)
    reason = models.CharField(max_length=DESCRIPTION_LENGTH, blank=True)
    first_role = models.CharField(max_length=CODE_LENGTH)
    second_role = models.CharField(max_length=CODE_LENGTH)

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "first_role", "second_role"],
                name="separation_rule_pair_unique",
                condition=Q(deleted_at__isnull=True),
            ),
            models.CheckConstraint(name="separation_rule_in_order", condition=Q(first_role__lt=F("second_role"))),
        ]

    def __str__(self) -> str:
        return self.name
