"""Members and groups as SCIM resources (RFC 7643 §3, §4)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from scim2_models import Context, Meta

from apps.core.errors import NotFound
from apps.iam.groups import queries as groups
from apps.iam.scim import queries
from apps.iam.scim.errors import NotProvisioned
from apps.iam.scim.profiles import ENTERPRISE, manager_of
from apps.iam.scim.resources import PERSON, Group, as_id

ROOT = "/scim/v2"


def location(endpoint: str, id_: Any) -> str:
    """Where a resource is."""
    return f"{settings.BASE_URL}{ROOT}/{endpoint}/{id_}"


def people(memberships: Iterable[Any]) -> list[Any]:
    """Members as User resources. Three statements, the members' own included."""
    rows = list(memberships)
    ids = [row.user_id for row in rows]
    entries, places = queries.entries_of(ids), queries.groups_of(ids)
    return [_person(row, entries.get(row.user_id), places.get(row.user_id, ())) for row in rows]


def person(user_id: Any) -> Any:
    """One member as a User resource. Three statements. Raises NotProvisioned."""
    id_ = as_id(user_id)
    row = queries.people().filter(user_id=id_).first() if id_ else None
    if row is None:
        raise NotProvisioned(f"there is no User {user_id}")
    return people([row])[0]


def all_groups(rows: Iterable[Any], *, with_members: bool = True) -> list[Any]:
    """Groups as resources. One statement."""
    found = list(rows)
    inside = queries.people_in([row.id for row in found]) if with_members else {}
    return [_group(row, inside.get(row.id, ())) for row in found]


def group(group_id: Any, *, with_members: bool = True) -> Any:
    """One group as a resource. Two statements. Raises NotProvisioned."""
    id_ = as_id(group_id)
    try:
        row = groups.group(id_) if id_ else None
    except NotFound:
        row = None
    if row is None or row.is_deleted:
        raise NotProvisioned(f"there is no Group {group_id}")
    return all_groups([row], with_members=with_members)[0]


def _person(row: Any, entry: Any, places: Iterable[tuple[Any, str]]) -> Any:
    said = dict(entry.attributes) if entry else {"displayName": row.name, "emails": [_address(row)]}
    if "displayName" in said:
        said["displayName"] = row.name  # which may have been changed here
    if manager := manager_of(said):
        said[ENTERPRISE] = said[ENTERPRISE] | {"manager": _reference(manager)}
    said |= {
        "id": str(row.user_id),
        "userName": entry.user_name if entry else row.user.email,
        "externalId": (entry.external_id or None) if entry else None,
        "active": row.status != row.Status.SUSPENDED,
        "groups": [
            {"value": str(id_), "$ref": location("Groups", id_), "display": name, "type": "direct"}
            for id_, name in places
        ],
    }
    resource = PERSON.model_validate(said)
    changed_at = max(row.updated_at, entry.updated_at) if entry else row.updated_at
    version = f'W/"{_digest(resource)}"'
    return _with_meta(resource, "User", "Users", row.created_at, changed_at, version)


def _address(row: Any) -> dict[str, Any]:
    return {"value": row.user.email, "type": "work", "primary": True}


def _reference(user_id: Any) -> dict[str, str]:
    return {"value": str(user_id), "$ref": location("Users", user_id)}


def _group(row: Any, inside: Iterable[Any]) -> Any:
    said = {
        "id": str(row.id),
        "externalId": row.external_id or None,
        "displayName": row.name,
        "members": [_reference(id_) | {"type": "User"} for id_ in inside],
    }
    resource = Group.model_validate(said)
    return _with_meta(resource, "Group", "Groups", row.created_at, row.updated_at, f'W/"v{row.version}"')


def _with_meta(resource: Any, kind: str, endpoint: str, created: Any, changed: Any, version: str) -> Any:
    resource.meta = Meta.model_validate(
        {
            "resourceType": kind,
            "created": created,
            "lastModified": changed,
            "location": location(endpoint, resource.id),
            "version": version,
        }
    )
    return resource


def _digest(resource: Any) -> str:
    """A version that stands for all that is shown, from whichever table it comes."""
    shown = json.dumps(resource.model_dump(scim_ctx=Context.DEFAULT), sort_keys=True)
    return hashlib.sha256(shown.encode()).hexdigest()[:24]
