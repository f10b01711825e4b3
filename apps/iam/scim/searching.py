"""Lists of people and of groups: filtered, sorted, page by page (RFC 7644 §3.4.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from scim2_models import Context, InvalidFilterException, InvalidPathException, ListResponse, SearchRequest

from apps.iam.groups import queries as groups
from apps.iam.scim import queries, representing
from apps.iam.scim.filtering import (
    EVERYTHING,
    NOTHING,
    Attribute,
    Column,
    Constant,
    Document,
    Elsewhere,
    Identity,
    Translator,
    condition_of,
    json_path,
    json_test,
    matches,
)
from apps.iam.scim.resources import MAX_RESULTS, PERSON, Email, Group, GroupMembership, Member

FILTER_LENGTH = 4000
_LAST = 2**31
_LIST = [str(ListResponse.__schema__)]


@dataclass(frozen=True, slots=True)
class Collection:
    """One type of resource as it is searched."""

    model: Any
    rows: Callable[[], QuerySet[Any]]
    translator: Callable[[], Translator]
    represent: Callable[..., Sequence[Any]]
    sortable: dict[tuple[str, str | None], str]


@dataclass(frozen=True, slots=True)
class UserName:
    """Of whom the directory says nothing, the address is the userName."""

    found: Callable[[Q], Q]

    def compares(self, op: str, value: Any) -> Q:
        if op == "eq" and value is not None:  # the lookup that directories make before each change
            return self.found(Q(user_name_key=value)) | queries.without_entry(Q(user__email_key=value))
        return Column("user_name_key").compares(op, value)

    def is_present(self) -> Q:
        return EVERYTHING


@dataclass(frozen=True, slots=True)
class DisplayName:
    """The name here, of everybody whose directory gives one."""

    found: Callable[[Q], Q]

    def compares(self, op: str, value: Any) -> Q:
        if value is None:
            return ~self.is_present()
        return self.is_present() & Column("name_key").compares(op, value)

    def is_present(self) -> Q:
        return self.found(Q(attributes__has_key="displayName")) | queries.without_entry(EVERYTHING)


@dataclass(frozen=True, slots=True)
class Active:
    """Everybody but the suspended."""

    def compares(self, op: str, value: Any) -> Q:
        if value is None:
            return NOTHING
        return Q(status="suspended") if not value else ~Q(status="suspended")

    def is_present(self) -> Q:
        return EVERYTHING


@dataclass(frozen=True, slots=True)
class OfAddress:
    """A part of the addresses: what the directory says, or the person's own where it says nothing."""

    document: Document
    path: str
    own: Attribute

    def compares(self, op: str, value: Any) -> Q:
        if value is None:
            return ~self.is_present()
        said = self.document.exists(f"{self.path} ? ({json_test(op, value)})")
        return said | queries.without_entry(self.own.compares(op, value))

    def is_present(self) -> Q:
        return self.document.exists(self.path) | queries.without_entry(EVERYTHING)


def page_of(collections: Sequence[Collection], search: SearchRequest[Any]) -> dict[str, Any]:
    """The page of a list that was asked for, over one type of resource or several, one after the other."""
    start = min(search.start_index or 1, _LAST)
    count = MAX_RESULTS if search.count is None else min(search.count, MAX_RESULTS)
    total, found = 0, []
    for collection in collections:
        rows = _ordered(collection, _filtered(collection, search), search)
        here = rows.count()
        first = max(start - 1 - total, 0)
        room = count - len(found)
        if room > 0 and first < here:
            found += collection.represent(rows[first : first + room], search)
        total += here
    return {
        "schemas": _LIST,
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(found),
        "Resources": [dumped(resource, search) for resource in found],
    }


def search_of(model: Any, data: dict[str, Any]) -> SearchRequest[Any]:
    """What is asked for. Raises InvalidFilterException, pydantic's ValidationError."""
    text = next((value for name, value in data.items() if name.lower() == "filter"), None)
    if isinstance(text, str) and len(text) > FILTER_LENGTH:
        raise InvalidFilterException(detail=f"a filter may have {FILTER_LENGTH} characters")
    try:
        return SearchRequest[model].model_validate(data)
    except RecursionError as error:
        raise InvalidFilterException(detail="this filter is nested too deeply") from error


def dumped(resource: Any, parameters: Any = None) -> dict[str, Any]:
    """A resource as it is answered, with the attributes that were asked for."""
    shown: dict[str, Any] = resource.model_dump(
        scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=parameters
    )
    return shown


def wants_members(parameters: Any) -> bool:
    """False if a group's members, of which there may be many, are not asked for."""
    if parameters is None:
        return True
    if parameters.excluded_attributes:
        return "members" not in _names(parameters.excluded_attributes)
    return not parameters.attributes or "members" in _names(parameters.attributes)


def _names(paths: Sequence[Any]) -> set[str]:
    return {str(path).rpartition(":")[2].partition(".")[0].lower() for path in paths}


def _filtered(collection: Collection, search: SearchRequest[Any]) -> QuerySet[Any]:
    rows = collection.rows()
    if search.filter is None:
        return rows
    return rows.filter(condition_of(search.filter.ast, collection.translator()))


def _ordered(collection: Collection, rows: QuerySet[Any], search: SearchRequest[Any]) -> QuerySet[Any]:
    binding = search.sort_binding(collection.model)
    if search.sort_by is None or binding is None:
        return rows.order_by("id")
    column = collection.sortable.get((binding.field_name, binding.sub_field_name))
    if column is None:
        names = ", ".join(".".join(filter(None, key)) for key in collection.sortable)
        raise InvalidPathException(detail=f"cannot sort by {search.sort_by}; by {names}")
    sign = "-" if search.sort_order == SearchRequest.SortOrder.descending else ""
    return rows.order_by(f"{sign}{column}", f"{sign}id")


def _people() -> Translator:
    found = matches(queries.entries())
    document = Document("compared", found)
    address = json_path(Translator(PERSON, {}).binding("emails"))
    places = Identity(
        lambda id_: Q(user_id__in=groups.members(id_).values("member_id")),
        Q(user_id__in=groups.people_with_groups()),
    )
    emails = OfAddress(document, f'{address}."value"', Column("user__email_key"))
    own = {
        ("value", None): Column("user__email_key"),
        ("type", None): Constant("work"),
        ("primary", None): Constant(True),
    }
    attributes: dict[tuple[str, str | None], Attribute] = {
        ("id", None): Identity(lambda id_: Q(user_id=id_)),
        ("user_name", None): UserName(found),
        ("external_id", None): Elsewhere(Column("external_id"), found),
        ("display_name", None): DisplayName(found),
        ("active", None): Active(),
        ("emails", None): emails,
        ("emails", "value"): emails,
        ("emails", "type"): OfAddress(document, f'{address}."type"', Constant("work")),
        ("groups", None): places,
        ("groups", "value"): places,
        **_meta("User", "changed_at"),
    }
    among_groups = Translator(GroupMembership, {("value", None): places, ("type", None): Constant("direct")})
    among_own = Translator(Email, own)
    translator = Translator(PERSON, attributes, document)
    translator.values = {
        "groups": lambda node: among_groups.visit(node.val_filter),
        "emails": lambda node: (
            translator.visit_in_document(node) | queries.without_entry(among_own.visit(node.val_filter))
        ),
    }
    return translator


def _groups() -> Translator:
    people = Identity(
        lambda id_: Q(id__in=groups.groups(member=id_).values("id")), Q(id__in=groups.groups_with_people())
    )
    attributes: dict[tuple[str, str | None], Attribute] = {
        ("id", None): Identity(lambda id_: Q(id=id_)),
        ("external_id", None): Column("external_id"),
        ("display_name", None): Column("name_key"),
        ("members", None): people,
        ("members", "value"): people,
        **_meta("Group", "updated_at"),
    }
    among = Translator(Member, {("value", None): people, ("type", None): Constant("user")})
    return Translator(Group, attributes, values={"members": lambda node: among.visit(node.val_filter)})


def _meta(kind: str, changed: str) -> dict[tuple[str, str | None], Attribute]:
    return {
        ("meta", "resource_type"): Constant(kind),
        ("meta", "created"): Column("created_at", empty=None),
        ("meta", "last_modified"): Column(changed, empty=None),
    }


_META_ORDER: dict[tuple[str, str | None], str] = {("meta", "created"): "created_at"}
PEOPLE = Collection(
    PERSON,
    queries.people,
    _people,
    lambda rows, _search: representing.people(rows),
    {
        ("user_name", None): "user_name_key",
        ("display_name", None): "name_key",
        ("id", None): "user_id",
        ("meta", "last_modified"): "changed_at",
        **_META_ORDER,
    },
)
GROUPS = Collection(
    Group,
    groups.groups,
    _groups,
    lambda rows, search: representing.all_groups(rows, with_members=wants_members(search)),
    {
        ("display_name", None): "name_key",
        ("external_id", None): "external_id",
        ("id", None): "id",
        ("meta", "last_modified"): "updated_at",
        **_META_ORDER,
    },
)
