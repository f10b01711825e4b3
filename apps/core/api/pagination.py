"""Cursor pagination: pages neither overlap nor skip while rows are added, and page 1,000 costs what page 1 does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ImproperlyConfigured
from django.db.models import F, Field, Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from rest_framework.settings import api_settings

from apps.core.api.cursors import Cursor
from apps.core.errors import Invalid

LARGEST_PAGE = 200
PAGE_PARAMETERS = ("cursor", "limit", "ordering")


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, and the cursors of its neighbours (None at an end)."""

    rows: list[Any]
    limit: int
    next: str | None
    previous: str | None

    def meta(self, request: Any) -> dict[str, Any]:
        """The envelope's `meta`: cursors, and the same as links relative to the host."""
        return {
            "limit": self.limit,
            "next": self.next,
            "previous": self.previous,
            "links": {"next": _link(request, self.next), "previous": _link(request, self.previous)},
        }

    def as_context(self) -> dict[str, str | None]:
        """What the console's list templates call `page`."""
        return {"next_cursor": self.next, "previous_cursor": self.previous}


class CursorPage:
    """Cuts pages out of a queryset whose ordering names columns that are never null and ends in a unique one."""

    def __init__(self, queryset: QuerySet[Any], *, sortable: Sequence[str] = (), default_limit: int = 0) -> None:
        self.queryset = queryset
        self.sortable = sortable
        self.default_limit = default_limit or api_settings.PAGE_SIZE or 50

    def page(self, parameters: Any) -> Page:
        """The page that the query parameters `cursor`, `limit` and `ordering` ask for. One statement.

        Raises Invalid for a limit outside 1..200, a cursor of another list, or a column that is not `sortable`.
        """
        limit = self._limit(parameters.get("limit"))
        queryset, ordering = self._ordered(parameters.get("ordering"))
        fields = [_field(queryset, name.lstrip("-")) for name in ordering]
        text = parameters.get("cursor")
        cursor = Cursor.decoded(text, ordering, fields) if text else None
        backwards = cursor is not None and cursor.backwards
        if cursor is not None:
            queryset = _beyond(queryset, _turned(ordering) if backwards else ordering, cursor.values)
        found = list((queryset.order_by(*_turned(ordering)) if backwards else queryset)[: limit + 1])
        more, rows = len(found) > limit, found[:limit]
        if backwards:
            rows.reverse()
        before, after = (more, True) if backwards else (cursor is not None, more)
        return Page(
            rows=rows,
            limit=limit,
            next=_cursor_at(rows[-1], ordering, backwards=False) if rows and after else None,
            previous=_cursor_at(rows[0], ordering, backwards=True) if rows and before else None,
        )

    def _limit(self, text: str | None) -> int:
        if not text:
            return self.default_limit
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LARGEST_PAGE):
            raise Invalid(
                f"limit must be a whole number from 1 to {LARGEST_PAGE}",
                errors={"limit": [f"a whole number from 1 to {LARGEST_PAGE}"]},
            )
        return int(text)

    def _ordered(self, wish: str | None) -> tuple[QuerySet[Any], tuple[str, ...]]:
        """The queryset in the wished order, its own unique key last; the list's own order when none is wished."""
        ordering = _ordering_of(self.queryset)
        if wish:
            if wish.removeprefix("-") not in self.sortable:
                known = ", ".join(self.sortable) or "none"
                raise Invalid(
                    f"this list cannot be ordered by {wish}",
                    errors={"ordering": [f"one of: {known}; - before it turns"]},
                )
            ordering = _with_key(wish, ordering[-1].lstrip("-"))
        return self.queryset.order_by(*ordering), ordering


def _with_key(wish: str, key: str) -> tuple[str, ...]:
    """The key runs in the wish's direction, so that one row comparison serves both columns from one index."""
    if wish.removeprefix("-") == key:
        return (wish,)
    return (wish, f"-{key}" if wish.startswith("-") else key)


def _ordering_of(queryset: QuerySet[Any]) -> tuple[str, ...]:
    declared = queryset.query.order_by or tuple(queryset.model._meta.ordering)
    ordering = tuple(_without_pk(queryset, name) for name in declared if isinstance(name, str))
    if not ordering or len(ordering) < len(declared):
        raise ImproperlyConfigured(f"a page of {queryset.model.__name__} needs order_by() with names of columns")
    if not _field(queryset, ordering[-1].lstrip("-")).unique:
        raise ImproperlyConfigured(f"the ordering of {queryset.model.__name__} must end in a unique column: {ordering}")
    return ordering


def _without_pk(queryset: QuerySet[Any], name: str) -> str:
    return name.replace("pk", queryset.model._meta.pk.name) if name.lstrip("-") == "pk" else name


def _field(queryset: QuerySet[Any], name: str) -> Field[Any, Any]:
    """The column's field, which parses the cursor's values. Nulls have no place in a comparison of rows."""
    field: Field[Any, Any] = F(name).resolve_expression(queryset.query).output_field
    if field.null:
        raise ImproperlyConfigured(f"cannot page by {name} of {queryset.model.__name__}: it may be null")
    return field


def _turned(ordering: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name[1:] if name.startswith("-") else f"-{name}" for name in ordering)


def _beyond(queryset: QuerySet[Any], ordering: tuple[str, ...], values: tuple[Any, ...]) -> QuerySet[Any]:
    """The rows that come after the one with these values.

    One direction: a comparison of rows, `(a, b) > (x, y)`, which an index answers; the same spelled with OR would scan
    the table. Mixed directions need the OR, so the first column's range goes before it, for the index.
    """
    names = [name.lstrip("-") for name in ordering]
    descending = [name.startswith("-") for name in ordering]
    if len(set(descending)) == 1:
        comparison = TupleLessThan if descending[0] else TupleGreaterThan
        return queryset.filter(comparison(Tuple(*map(F, names)), values))
    after, equal = Q(), Q()
    for name, falls, value in zip(names, descending, values, strict=True):
        after |= equal & Q(**{f"{name}__{'lt' if falls else 'gt'}": value})
        equal &= Q(**{name: value})
    first = Q(**{f"{names[0]}__{'lte' if descending[0] else 'gte'}": values[0]})
    return queryset.filter(first, after)


def _cursor_at(row: Any, ordering: tuple[str, ...], *, backwards: bool) -> str:
    return Cursor(tuple(_value_of(row, name.lstrip("-")) for name in ordering), backwards).encoded(ordering)


def _value_of(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = row[part] if isinstance(row, dict) else getattr(row, part)
    return getattr(row, "pk", row)


def _link(request: Any, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    parameters = [(n, v) for n, values in request.GET.lists() if n != "cursor" for v in values]
    return f"{request.path}?{urlencode([*parameters, ('cursor', cursor)])}"
