"""People, and their membership in tenants. A user is a person; a membership is a person in a tenant."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models import Q

from apps.core.crypto.tokens import ERASED
from apps.core.db.models import Entity, SoftDeletable, TenantScoped
from apps.core.db.queries import EntityManager
from apps.core.history.tracking import tracked
from apps.iam.users.errors import MemberIsDeleted
from apps.iam.users.names import EMAIL_LENGTH, NAME_LENGTH, folded


class UserManager(EntityManager):
    """Finds people as Django's own commands ask for them."""

    def get_by_natural_key(self, email: str) -> Any:
        return self.get(email_key=folded(email))


@tracked(exclude=("password", "last_login", "version", "updated_at", "updated_by"))
class User(AbstractBaseUser, Entity, SoftDeletable):  # type: ignore[misc, django-manager-missing]
    """A person who can sign in. A platform table: the same person may be a member of several tenants.

    Platform staff use `/admin/` and nothing else: what a person may do in a tenant is said by roles.
    """

    email = models.EmailField(max_length=EMAIL_LENGTH)
    email_key = models.CharField(max_length=EMAIL_LENGTH, help_text="The address as it is compared: `names.folded`.")
    name = models.CharField(max_length=NAME_LENGTH)
    is_active = models.BooleanField(default=True)
    is_platform_staff = models.BooleanField(default=False)
    email_verified_at = models.DateTimeField(
        null=True, blank=True, help_text="When somebody with access to the mailbox confirmed the present address."
    )
    locale = models.CharField(max_length=35, default="en-GB", help_text="A language tag (BCP 47).")
    time_zone = models.CharField(max_length=64, default="UTC", help_text="Of the IANA database, such as Europe/Oslo.")
    sign_in_alerts = models.BooleanField(default=True, help_text="A mail when a new device signs in.")

    objects: ClassVar[Any] = UserManager()

    personal_columns = dict.fromkeys(("email", "email_key", "name", "password"), "id")

    USERNAME_FIELD = "email_key"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email", "name"]
    application_grants = ("SELECT", "INSERT", "UPDATE")

    class Meta(Entity.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["email_key"], name="user_email_key_unique", condition=Q(deleted_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_erased(self) -> bool:
        """Nothing but the id is left of the person."""
        return self.email == ERASED

    @property
    def email_verified(self) -> bool:
        return self.email_verified_at is not None

    # What Django's admin asks of a user.
    @property
    def is_staff(self) -> bool:
        return self.is_platform_staff

    @property
    def is_superuser(self) -> bool:
        return self.is_platform_staff

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_active and self.is_platform_staff

    def has_perms(self, perm_list: Any, obj: Any = None) -> bool:
        return self.has_perm("")

    def has_module_perms(self, app_label: str) -> bool:
        return self.has_perm("")


# The version counts changes of roles too, which have a history of their own: without it, such a change leaves no
# second, empty entry here.
@tracked(exclude=("name_key", "version", "updated_at", "updated_by"))
class Membership(TenantScoped, SoftDeletable):
    """A person in a tenant. What a tenant's administrators invite, suspend and delete; the person stays.

    The name is the one used in this tenant, so that no tenant can rename a person for the others. Its version covers
    the person's roles here too.
    """

    class Status(models.TextChoices):
        ACTIVE = "active"
        INVITED = "invited"
        SUSPENDED = "suspended"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    name = models.CharField(max_length=NAME_LENGTH)
    name_key = models.CharField(max_length=NAME_LENGTH * 2, editable=False, help_text="For searching.")
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    joined_at = models.DateTimeField(null=True, blank=True)

    personal_columns = {"name": "user_id", "name_key": "user_id"}

    # Brought along by `queries.members` and `queries.member`.
    role_codes: list[str]
    invitation_expires_at: datetime | None
    invitation_revoked_at: datetime | None
    session: dict[str, Any] | None  # where `queries.membership` was asked for it

    class Meta(TenantScoped.Meta):
        constraints = [
            # Deleted ones count: somebody who comes back is restored, so a person's id names one membership.
            models.UniqueConstraint(fields=["tenant_id", "user"], name="membership_of_person_unique"),
        ]
        indexes = [models.Index(fields=["tenant_id", "name_key", "id"], name="membership_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """The status, or `deleted`."""
        return "deleted" if self.is_deleted else self.status

    @property
    def standing(self) -> str:
        """Empty for whoever may act here; else what keeps them out: `suspended` or `deleted` here, or `barred` from
        every tenant. Needs the person.
        """
        if self.state in ("suspended", "deleted"):
            return self.state
        return "" if self.user.is_active and not self.user.is_deleted else "barred"

    def rename(self, name: str) -> None:
        self._must_exist()
        self.name, self.name_key = name, folded(name)

    def suspend(self) -> None:
        self._must_exist()
        self.status = self.Status.SUSPENDED

    def reinstate(self) -> None:
        self._must_exist()
        self.status = self.Status.ACTIVE if self.joined_at else self.Status.INVITED

    def join(self, *, at: datetime) -> None:
        """The person has signed in for the first time since the invitation."""
        self.status, self.joined_at = self.Status.ACTIVE, at

    def _must_exist(self) -> None:
        if self.is_deleted:
            raise MemberIsDeleted
