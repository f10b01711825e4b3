"""The resources that this service provider has, by which requests are read and answers are written (RFC 7643 §4).

A subset of the standard's attributes: those with a place here. Others are ignored, as RFC 7644 §3.3 allows.
"""

# No `from __future__ import annotations`: pydantic would have to find the names in them before they are defined.

from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field, model_validator
from scim2_models import (
    URN,
    Address,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Extension,
    Filter,
    GroupMembership,
    Mutability,
    Name,
    Patch,
    PhoneNumber,
    Reference,
    Required,
    Resource,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)

from apps.iam.users.names import folded

MAX_RESULTS = 200
MAX_OPERATIONS = 200
MAX_PAYLOAD = 1024 * 1024


class Email(ComplexAttribute):
    """An address. Only the first of a new person's is looked at: it is where they are invited, and sign in."""

    value: str | None = None
    display: str | None = None
    type: Annotated[str | None, Field(examples=["work", "home", "other"])] = None
    primary: bool | None = None


class Manager(ComplexAttribute):
    """Another person of this company. Entra sends the id alone instead of the object that holds it."""

    value: Annotated[str | None, CaseExact.true] = None
    ref: Reference["User"] | None = Field(None, serialization_alias="$ref", validation_alias="$ref")

    @model_validator(mode="before")
    @classmethod
    def _by_id(cls, value: Any) -> Any:
        return {"value": value} if isinstance(value, str) else value


class EnterpriseUser(Extension):
    __schema__ = URN("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")

    employee_number: str | None = None
    cost_center: str | None = None
    organization: str | None = None
    division: str | None = None
    department: str | None = None
    manager: Manager | None = None


class User(Resource[Any]):
    """A member of the company."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    nick_name: str | None = None
    title: str | None = None
    user_type: str | None = None
    preferred_language: str | None = None
    locale: str | None = None
    timezone: str | None = None
    active: Annotated[bool | None, Required.true] = None  # not to be removed; `api.USERS` adds it where it is left out
    emails: list[Email] | None = None
    phone_numbers: list[PhoneNumber] | None = None
    addresses: list[Address] | None = None
    groups: Annotated[list[GroupMembership] | None, Mutability.read_only] = None


class Member(ComplexAttribute):
    """A person in a group. Service accounts in it are not shown, and groups hold no groups."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[Reference["User"] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])


class Group(Resource[Any]):
    """A group of the company."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    members: list[Member] | None = None
    Members: ClassVar[type[ComplexAttribute]] = Member


def comparable(binding: Any, value: str) -> str:
    """How strings are compared: as everywhere in this feature's neighbours, unless the attribute is `caseExact`."""
    return value if binding.case_exact else folded(value)


# Entra's departures from RFC 7644 are taken: a `remove` that says by its value what to remove, and a path whose filter
# finds nothing, which is to be made. Unknown attributes are ignored.
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
    comparison_key=comparable,
)
CONFIG = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=True, max_operations=MAX_OPERATIONS, max_payload_size=MAX_PAYLOAD),
    filter=Filter(supported=True, max_results=MAX_RESULTS),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=True),
    etag=ETag(supported=True),
    authentication_schemes=[
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="Bearer token",
            description="An API key of a service account, or an access token, that may provision.",
            spec_uri="https://www.rfc-editor.org/rfc/rfc6750",
            primary=True,
        )
    ],
)
PERSON: Any = User[EnterpriseUser]
PROVIDER = ScimProvider(
    models=[User, EnterpriseUser, Group],
    resource_types=[ResourceType.from_resource(PERSON), ResourceType.from_resource(Group)],
    config=CONFIG,
    policy=POLICY,
)


def as_id(text: Any) -> UUID | None:
    """The id that a text is; None when it is none of ours."""
    try:
        return UUID(str(text))
    except ValueError:
        return None
