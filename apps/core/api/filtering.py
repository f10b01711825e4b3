"""Lists are narrowed by django-filter; a parameter that no list understands is refused instead of ignored."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import django_filters
from django.db.models import QuerySet
from django_filters import FilterSet

from apps.core.api.pagination import PAGE_PARAMETERS
from apps.core.errors import Invalid


class PrefixFilter(django_filters.CharFilter):
    """Rows whose text begins with the given one. `normalise` is what the column's texts went through (`str.casefold`).

    A range, since PostgreSQL may not use an index for LIKE below a row-level policy: LIKE is not leakproof. The range
    is exact in databases that order by code point (C, C.UTF-8), as ours do.
    """

    def __init__(self, *args: Any, normalise: Callable[[str], str] = str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.normalise = normalise

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return qs
        prefix = self.normalise(value)
        name, after = self.field_name, text_after(prefix)
        end = {f"{name}__lt": after} if after else {}
        return qs.filter(**{f"{name}__gte": prefix, f"{name}__startswith": prefix}, **end)


def text_after(prefix: str) -> str:
    """The least text above all that begin with `prefix`, by code point; empty where there is none."""
    while prefix:
        last = ord(prefix[-1]) + 1
        if last <= sys.maxunicode:
            return prefix[:-1] + chr(0xE000 if 0xD800 <= last < 0xE000 else last)
        prefix = prefix[:-1]
    return ""


def filtered(
    queryset: QuerySet[Any], filterset: type[FilterSet] | None, parameters: Any, *, request: Any = None
) -> QuerySet[Any]:
    """The rows that the query parameters ask for. Raises Invalid for a wrong value or an unknown parameter.

    Under row-level security only exact and range comparisons can use an index; for the beginning of a text there is
    `PrefixFilter`.
    """
    narrowed = filterset(parameters, queryset=queryset, request=request) if filterset else None
    names = _names(narrowed) if narrowed is not None else {}
    known = [*(name for parts in names.values() for name in parts), *PAGE_PARAMETERS]
    unknown = {name: [f"no such parameter; there are {', '.join(known)}"] for name in parameters if name not in known}
    if unknown:
        raise Invalid(f"unknown query parameters: {', '.join(sorted(unknown))}", errors=unknown)
    if narrowed is None:
        return queryset
    if not narrowed.is_valid():
        errors = {
            name: [str(message) for message in messages]
            for field, messages in narrowed.errors.items()
            for name in names.get(field, [field])
            if name in parameters or names.get(field) == [name]
        }
        raise Invalid("some query parameters are wrong; see errors", errors=errors)
    rows: QuerySet[Any] = narrowed.qs
    return rows


def _names(filterset: FilterSet) -> dict[str, list[str]]:
    """By filter, its query parameters: a range has one for each of its ends."""
    names: dict[str, list[str]] = {}
    for name, field in filterset.form.fields.items():
        ends = getattr(field.widget, "suffixes", None)
        names[name] = [f"{name}_{end}" for end in ends] if ends else [name]
    return names
