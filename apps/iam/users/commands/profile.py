"""What people change of themselves: name, language, time zone, alerts. It is the person's, the same in every tenant."""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from apps.core.errors import PreconditionFailed
from apps.core.events import unit_of_work
from apps.core.tenancy import tenant
from apps.iam.users import queries
from apps.iam.users.errors import InvalidMember
from apps.iam.users.events import MemberUpdated
from apps.iam.users.models import User
from apps.iam.users.names import valid_name

_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?")


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """What is to be different; None leaves things as they are."""

    name: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    sign_in_alerts: bool | None = None

    def fields(self) -> dict[str, object]:
        """What to write, well formed. Raises InvalidMember naming every field that is not."""
        errors: dict[str, list[str]] = {}
        if self.locale is not None and not _LOCALE.fullmatch(self.locale):
            errors["locale"] = ["must be a language tag such as en-GB (BCP 47)"]
        if self.time_zone is not None and self.time_zone not in time_zones():
            errors["time_zone"] = ["must be a time zone of the IANA database, such as Europe/Oslo"]
        if errors:
            raise InvalidMember(errors=errors)
        given = {"locale": self.locale, "time_zone": self.time_zone, "sign_in_alerts": self.sign_in_alerts}
        named = {"name": valid_name(self.name)} if self.name is not None else {}
        return named | {field: value for field, value in given.items() if value is not None}


@cache
def time_zones() -> frozenset[str]:
    """The names that are taken for a time zone."""
    return frozenset(zoneinfo.available_timezones()) - {"localtime", "posixrules", "Factory"}


def update_profile(*, user_id: UUID, change: ProfileChange, expected_version: int | None = None) -> User:
    """Change what a person says of themselves. Call it as that person.

    A tenant that calls them by the name of before calls them by the new one from now on; one that calls them otherwise
    keeps to it. Safe to repeat: what changes nothing publishes nothing. Raises UserNotFound, InvalidMember,
    PreconditionFailed.
    """
    fields = change.fields()
    with unit_of_work(User):
        user = queries.lock_user(user_id)
        if expected_version is not None and user.version != expected_version:
            raise PreconditionFailed(version=user.version)
        before = user.name
        different = {name: value for name, value in fields.items() if getattr(user, name) != value}
        for name, value in different.items():
            setattr(user, name, value)
        if different:
            user.save(update_fields=list(different))
        if "name" in different:
            _rename_memberships(user_id, before=before, after=user.name)
    return user


def _rename_memberships(user_id: UUID, *, before: str, after: str) -> None:
    for own in queries.memberships_of(user_id):
        if own.name != before:
            continue
        with tenant(own.tenant_id), unit_of_work(User) as work:
            membership = queries.lock_member(user_id)
            if membership.is_deleted or membership.name != before:
                continue
            membership.rename(after)
            membership.save(update_fields=["name", "name_key"])
            work.publish(
                MemberUpdated(
                    membership_id=membership.id, user_id=user_id, name=membership.name, status=membership.status
                )
            )
