"""The companies that use the platform, how they set it up, and the long operations that make and unmake them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.core.db.grants import APPEND_ONLY
from apps.core.db.models import Entity, TenantScoped
from apps.core.history.tracking import tracked
from apps.core.tenancy import PLATFORM
from apps.iam.tenants.errors import DeletionNotPlanned, TenantIsGone

SLUG = r"^[a-z][a-z0-9-]{0,61}[a-z0-9]$"
CURRENCY = r"^[A-Z]{3}$"


@tracked()
class Tenant(Entity):
    """A company that uses the platform, kept apart from every other.

    A platform table: a request must find its tenant before it is in one. Nothing here is a secret of the tenant's.
    What its own people may configure is kept in `ConfigurationVersion`; the columns that are needed before a tenant is
    entered are repeated here.
    """

    class Status(models.TextChoices):
        PROVISIONING = "provisioning"
        ACTIVE = "active"
        SUSPENDED = "suspended"
        ERASING = "erasing"
        DELETED = "deleted"

    GONE = (Status.ERASING, Status.DELETED)

    slug = models.CharField(max_length=63, unique=True, help_text="Short name in URLs and commands; never changes.")
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    default_currency = models.CharField(max_length=3, help_text="ISO 4217 code.")
    locale = models.CharField(max_length=16, default="en-GB", help_text="BCP 47 language tag.")
    time_zone = models.CharField(max_length=64, default="UTC", help_text="Name in the IANA time zone database.")
    colour = models.CharField(max_length=7, default="", blank=True, help_text="#rrggbb; empty: the platform's own.")
    deletion_due_at = models.DateTimeField(null=True, editable=False, help_text="When its data will be erased.")
    plan = models.CharField(max_length=32, default="standard", db_default="standard", editable=False)
    plan_overrides: Any = models.JSONField(
        default=dict, db_default={}, editable=False, help_text="Limits that differ from the plan's."
    )

    application_grants = ("SELECT", "INSERT", "UPDATE")

    class Meta(Entity.Meta):
        constraints = [
            models.CheckConstraint(name="tenant_slug_is_plain", condition=Q(slug__regex=SLUG)),
            models.CheckConstraint(name="tenant_currency_is_a_code", condition=Q(default_currency__regex=CURRENCY)),
            # Stands for the platform itself: a company with it would see the platform's own rows.
            models.CheckConstraint(name="tenant_is_not_the_platform", condition=~Q(id=PLATFORM)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE

    def activate(self) -> None:
        """Everything that a company needs is there. Does nothing to one that was opened before."""
        if self.status == self.Status.PROVISIONING:
            self.status = self.Status.ACTIVE

    def suspend(self) -> None:
        self._must_be_there()
        self.status = self.Status.SUSPENDED

    def reinstate(self) -> None:
        self._must_be_there()
        self.status = self.Status.ACTIVE

    def plan_deletion(self, *, due_at: datetime) -> None:
        """Two people agreed that it goes. Until then everything works, and the plan can be dropped."""
        self._must_be_there()
        self.deletion_due_at = self.deletion_due_at or due_at

    def drop_deletion(self) -> None:
        """Raises DeletionNotPlanned, TenantIsGone."""
        self._must_be_there()
        if self.deletion_due_at is None:
            raise DeletionNotPlanned
        self.deletion_due_at = None

    def begin_erasure(self, *, at: datetime) -> None:
        """From here on there is no way back. Raises DeletionNotPlanned while the waiting time is not over."""
        if self.status in self.GONE:
            return
        if self.deletion_due_at is None or self.deletion_due_at > at:
            raise DeletionNotPlanned
        self.status = self.Status.ERASING

    def bury(self) -> None:
        """What is left is a row that says there was a company; its slug is free again."""
        self.status = self.Status.DELETED
        self.slug, self.name = f"deleted-{self.id.hex}", "Deleted company"
        self.colour, self.locale, self.time_zone = "", "en-GB", "UTC"

    def _must_be_there(self) -> None:
        if self.status in self.GONE:
            raise TenantIsGone


class ConfigurationVersion(TenantScoped):
    """What a tenant's people configured, as of one moment. Never changed: the newest one holds, all are kept."""

    number = models.PositiveIntegerField(help_text="Counts from 1 in each tenant; the ETag.")
    values = models.JSONField(help_text="`configuration.Configuration` in full.")
    changed = ArrayField(models.CharField(max_length=64), default=list, help_text="The settings that differ.")
    changed_by_name = models.CharField(max_length=200, default="", blank=True)
    reason = models.CharField(max_length=500, default="", blank=True)
    restored_from = models.PositiveIntegerField(null=True, help_text="The version that was gone back to.")

    application_grants = APPEND_ONLY

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "number"], name="configuration_version_number_unique")
        ]

    def __str__(self) -> str:
        return f"configuration {self.number}"


# The facts name a person, and history is never changed.
@tracked(exclude=("facts", "version", "updated_at", "updated_by"))
class LifecycleRun(TenantScoped):
    """How far the making or unmaking of a tenant has come: what is done is not done again after a crash.

    Rows of the platform (`tenancy.PLATFORM`), so that one outlives the company that it took away.
    """

    class Kind(models.TextChoices):
        PROVISION = "provision"
        ERASE = "erase"

    kind = models.CharField(max_length=16, choices=Kind)
    company_id = models.UUIDField(help_text="The tenant that is made or unmade.")
    facts: Any = models.JSONField(default=dict, help_text="What the steps need to know. No secret.")
    steps_done = ArrayField(models.CharField(max_length=32), default=list)
    failed_step = models.CharField(max_length=32, default="", blank=True)
    failure = models.CharField(max_length=500, default="", blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "kind", "company_id"], name="lifecycle_run_once_per_company")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.company_id}"

    def step_done(self, code: str) -> None:
        if code not in self.steps_done:
            self.steps_done = [*self.steps_done, code]
        self.failed_step = self.failure = ""

    def step_failed(self, code: str, why: str) -> None:
        self.failed_step, self.failure = code, why[:500]

    def finish(self, *, at: datetime) -> None:
        self.finished_at = self.finished_at or at
        self.failed_step = self.failure = ""
