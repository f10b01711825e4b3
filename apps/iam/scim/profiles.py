"""Between a SCIM User and what is kept of it: the membership's part, the directory's part, and the rest as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scim2_models import Context

from apps.iam.scim.errors import InvalidAttribute
from apps.iam.scim.models import EXTERNAL_ID_LENGTH, USER_NAME_LENGTH
from apps.iam.scim.resources import EnterpriseUser, as_id
from apps.iam.users.names import NAME_LENGTH, folded

ENTERPRISE = str(EnterpriseUser.__schema__)
_KEPT_ELSEWHERE = ("schemas", "id", "meta", "externalId", "userName", "active", "groups")
_TEXT_LENGTH = 1024
_VALUES = 50


@dataclass(frozen=True, slots=True)
class Profile:
    """What a directory says of a person."""

    user_name: str
    name: str
    external_id: str = ""
    active: bool | None = None
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where somebody new is invited: the primary address, else the one for work, else the first, else userName."""
        emails = [one for one in self.attributes.get("emails", ()) if one.get("value")]
        first = next((one for one in emails if one.get("primary")), None)
        first = first or next((one for one in emails if one.get("type") == "work"), None)
        return str((first or (emails[0] if emails else {"value": self.user_name}))["value"])


def profile_of(person: Any) -> Profile:
    """What a User resource says. Raises InvalidAttribute."""
    said = person.model_dump(scim_ctx=Context.DEFAULT)
    attributes = {name: value for name, value in said.items() if name not in _KEPT_ELSEWHERE}
    if (manager := attributes.get(ENTERPRISE, {}).pop("manager", None)) and (id_ := manager.get("value")):
        attributes[ENTERPRISE]["manager"] = {"value": id_.lower()}
    attributes = {name: value for name, value in attributes.items() if value not in ({}, [], None)}
    profile = Profile(
        user_name=" ".join((person.user_name or "").split()),
        name=_name(person),
        external_id=person.external_id or "",
        active=person.active,
        attributes=attributes,
    )
    _check(profile)
    return profile


def manager_of(attributes: Mapping[str, Any]) -> Any:
    """The id of the person's manager; None where there is none."""
    return as_id(attributes.get(ENTERPRISE, {}).get("manager", {}).get("value"))


def compared(value: Any) -> Any:
    """The attributes as filters compare them. A manager's id is lower case and stays what it is."""
    if isinstance(value, dict):
        return {key: compared(one) for key, one in value.items()}
    if isinstance(value, list):
        return [compared(one) for one in value]
    return folded(value) if isinstance(value, str) else value


def _name(person: Any) -> str:
    """What the person is called here. Never empty, since userName is not."""
    parts = person.name
    names = (person.display_name, parts and parts.formatted)
    whole = " ".join(filter(None, (parts.given_name, parts.family_name))) if parts else ""
    found = next((text for text in (*names, whole, person.user_name) if text and text.strip()), "")
    return " ".join(found.split())


def _check(profile: Profile) -> None:
    wrong: dict[str, list[str]] = {}
    if not profile.user_name or len(profile.user_name) > USER_NAME_LENGTH:
        wrong["userName"] = [f"must have 1 to {USER_NAME_LENGTH} characters"]
    if len(folded(profile.user_name)) > USER_NAME_LENGTH:
        wrong["userName"] = ["is too long"]
    if len(profile.name) > NAME_LENGTH:
        wrong["displayName"] = [f"must have at most {NAME_LENGTH} characters"]
    if len(profile.external_id) > EXTERNAL_ID_LENGTH:
        wrong["externalId"] = [f"must have at most {EXTERNAL_ID_LENGTH} characters"]
    for name, value in profile.attributes.items():
        if isinstance(value, list) and len(value) > _VALUES:
            wrong[name] = [f"must have at most {_VALUES} values"]
        if any(len(text) > _TEXT_LENGTH for text in _texts(value)):
            wrong[name] = [f"must have at most {_TEXT_LENGTH} characters"]
    manager = profile.attributes.get(ENTERPRISE, {}).get("manager")
    if manager and as_id(manager["value"]) is None:
        wrong["manager"] = ["must be the id of a person of this company"]
    if wrong:
        raise InvalidAttribute(errors=wrong)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for child in children for text in _texts(child)]
