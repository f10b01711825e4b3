"""What is kept about a person: the profile, and the memberships with their roles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.core.tenancy import person
from apps.iam.exports.personal import PersonalData, Subject, register
from apps.iam.roles import queries as roles
from apps.iam.users import queries

_PROFILE = ("id", "email", "name", "is_active", "is_platform_staff", "email_verified_at", "locale", "time_zone")
_MORE = ("sign_in_alerts", "last_login", "created_at", "updated_at")


def _profile(subject: Subject) -> Iterator[dict[str, Any]]:
    if subject.is_own:
        found = queries.user(subject.user_id)
        yield {name: getattr(found, name) for name in (*_PROFILE, *_MORE)}


def _memberships(subject: Subject) -> Iterator[dict[str, Any]]:
    if not subject.is_own:
        yield _here(subject)
        return
    with person(subject.user_id):
        held = roles.own_roles(subject.user_id)
    for one in queries.memberships_of(subject.user_id):
        yield {**_facts(one), "tenant_id": one.tenant_id, "roles": held.get(one.tenant_id, [])}


def _here(subject: Subject) -> dict[str, Any]:
    one = queries.member(subject.user_id)
    return {**_facts(one), "email": one.user.email, "tenant_id": one.tenant_id, "roles": one.role_codes}


def _facts(one: Any) -> dict[str, Any]:
    names = ("id", "user_id", "name", "state", "joined_at", "deleted_at", "created_at", "updated_at")
    return {name: getattr(one, name) for name in names}


register(PersonalData("profile", "The account", _profile))
register(PersonalData("memberships", "The companies, and the roles there", _memberships))
