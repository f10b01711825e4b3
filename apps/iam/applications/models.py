"""What the people of a tenant let applications do, and which applications the tenant lets them choose from."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.db.models import TenantScoped
from apps.core.history.tracking import tracked


@tracked(exclude=("version", "updated_at", "updated_by"))
class Consent(TenantScoped):
    """A member lets an application act for them in this tenant, within these scopes. A withdrawn one is deleted; the
    history keeps it.

    `user_id` and `application_id` are ids, not foreign keys: both are other features'. A token that was issued before
    `given_at` comes from an earlier consent, which was withdrawn.
    """

    user_id = models.UUIDField()
    application_id = models.UUIDField()
    scopes = ArrayField(models.CharField(max_length=100))
    given_at = models.DateTimeField()

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "user_id", "application_id"], name="consent_once_unique")
        ]
        indexes = [models.Index(fields=["tenant_id", "application_id", "-given_at"], name="consent_by_application")]

    def __str__(self) -> str:
        return f"{self.user_id} lets {self.application_id} {', '.join(self.scopes)}"

    def covers(self, scopes: Iterable[str]) -> bool:
        """True if each of these was agreed to."""
        return set(scopes) <= set(self.scopes)

    def extend(self, scopes: Iterable[str]) -> None:
        self.scopes = sorted({*self.scopes, *scopes})


@tracked(exclude=("version", "updated_at", "updated_by"))
class ApplicationApproval(TenantScoped):
    """An administrator has looked at an application: members may let it act for them. Who and when is `created_…`."""

    application_id = models.UUIDField()

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "application_id"], name="application_approval_unique")
        ]

    def __str__(self) -> str:
        return str(self.application_id)


@tracked(exclude=("version", "updated_at", "updated_by"))
class ConsentSettings(TenantScoped):
    """How a tenant wants consents to be given. Without a row: `anyone`."""

    class Policy(models.TextChoices):
        ANYONE = "anyone"
        APPROVED_ONLY = "approved_only"

    policy = models.CharField(max_length=16, choices=Policy, default=Policy.ANYONE)

    class Meta(TenantScoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="consent_settings_unique")]

    def __str__(self) -> str:
        return self.policy
