"""Pieces of the OpenAPI document that every operation shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django import forms
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from apps.core.api.pagination import LARGEST_PAGE

_TEXT = {"type": "string"}
_NULLABLE_TEXT = {"type": "string", "nullable": True}
TRACE_ID = {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "Quote it when you report something."}
TIMESTAMP = {"type": "string", "format": "date-time"}
ETAG = {"description": "The entity's version, for If-Match and If-None-Match.", "schema": _TEXT}

PAGE_META = {
    "type": "object",
    "description": "Where the neighbouring pages are. Cursors hold for this list in this order.",
    "required": ["limit", "next", "previous", "links"],
    "properties": {
        "limit": {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE},
        "next": {**_NULLABLE_TEXT, "description": "Cursor of the next page."},
        "previous": {**_NULLABLE_TEXT, "description": "Cursor of the previous page."},
        "links": {"type": "object", "properties": {"next": _NULLABLE_TEXT, "previous": _NULLABLE_TEXT}},
    },
}
PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457). `code` is stable; further members depend on it.",
    "required": ["type", "title", "status", "detail", "instance", "code", "traceId", "timestamp"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": _TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {**_TEXT, "description": "What happened and what to do."},
        "instance": {**_TEXT, "description": "The path of the request."},
        "code": {**_TEXT, "example": "missing_permission"},
        "traceId": TRACE_ID,
        "timestamp": TIMESTAMP,
        "errors": {
            "type": "object",
            "description": "With 422: messages by field; a nested field is named by its path.",
            "additionalProperties": {"type": "array", "items": _TEXT},
        },
        "permission": {**_TEXT, "description": "With 403: the permission that is missing."},
        "acr_values": {**_TEXT, "description": "With 401: how strong the sign-in must be (RFC 9470)."},
        "max_age": {"type": "integer", "description": "With 401: how many seconds ago it may have been."},
        "resource": {**_TEXT, "description": "With 403: the object that it is missing for, as `order:<id>`."},
        "reason": {**_TEXT, "description": "With 403: why, in one of the words that an explanation uses."},
        "grantors": {"type": "array", "items": _TEXT, "description": "With 403: the roles that hold it."},
        "explanation": {**_TEXT, "description": "With 403: where to read what would change it."},
    },
    "additionalProperties": True,
}
DESCRIPTIONS = {
    200: "Done.",
    201: "Created.",
    202: "Accepted; it goes on in the background.",
    204: "Done; there is nothing to show.",
    304: "The caller has the current version already.",
    400: "The request could not be understood.",
    401: "No valid access token, or none at all; or the sign-in is too old or too weak (`acr_values`, `max_age`).",
    403: "A permission is missing; the document names it. Or the CSRF token is.",
    404: "There is no such thing in this tenant.",
    406: "Only JSON can be answered.",
    409: "The present state forbids it, or somebody else changed it first.",
    410: "It was there, and is no more; the document says what to do.",
    412: "If-Match does not name the current version.",
    413: "The body is too large.",
    415: "The body must be JSON.",
    422: "A field or a parameter is missing or wrong.",
    429: "A limit is used up; Retry-After says when to come back.",
    503: "A part that is needed is away; Retry-After says when to come back.",
}
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[\\x20-\\x7e]+$"},
    OpenApiParameter.HEADER,
    description="A text of your choice, new for each new request. Repeating the request with it does nothing twice and "
    "brings the first answer again, with `Idempotency-Replayed: true`. Kept for 48 hours.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The ETag of the version that you have seen: refused with 412 when it is no longer the current one.",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="An ETag that you have: 304 if it is current.",
)


def envelope(data: dict[str, Any], meta: dict[str, Any]) -> dict[str, Any]:
    """The schema of a success."""
    return {
        "type": "object",
        "required": ["success", "data", "meta", "traceId", "timestamp"],
        "properties": {
            "success": {"type": "boolean", "enum": [True]},
            "data": data,
            "meta": meta,
            "traceId": TRACE_ID,
            "timestamp": TIMESTAMP,
        },
    }


def page_parameters(sortable: Sequence[str]) -> list[dict[str, Any]]:
    """`limit`, `cursor` and, where there is a choice, `ordering`."""
    found = [
        _query("cursor", _TEXT, "Where to go on: `meta.next` or `meta.previous` of another page of the same list."),
        _query("limit", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": 50}, "Rows of a page."),
    ]
    if sortable:
        choices = [name for column in sortable for name in (column, f"-{column}")]
        found.append(
            _query("ordering", {"type": "string", "enum": choices}, "A column; `-` before it turns the order.")
        )
    return found


def filter_parameters(filterset: type[django_filters.FilterSet]) -> list[dict[str, Any]]:
    """One parameter for each filter of a filter set; two for a range."""
    found = []
    for name, declared in filterset.base_filters.items():
        schema, field = _schema_of(declared), declared.field
        suffixes = getattr(field.widget, "suffixes", None) or [None]
        for suffix in suffixes:
            parameter = _query(f"{name}_{suffix}" if suffix else name, schema, str(declared.label or ""))
            found.append(parameter | ({"required": True} if field.required else {}))
    return found


_SCHEMAS: tuple[tuple[type[Any], dict[str, Any]], ...] = (
    (django_filters.UUIDFilter, {"type": "string", "format": "uuid"}),
    (django_filters.IsoDateTimeFilter, {"type": "string", "format": "date-time"}),
    (django_filters.DateTimeFilter, {"type": "string", "format": "date-time"}),
    (django_filters.DateFilter, {"type": "string", "format": "date"}),
    (django_filters.DateFromToRangeFilter, {"type": "string", "format": "date"}),
    (django_filters.IsoDateTimeFromToRangeFilter, {"type": "string", "format": "date-time"}),
    (django_filters.BooleanFilter, {"type": "boolean"}),
    (django_filters.NumberFilter, {"type": "number"}),
    (django_filters.RangeFilter, {"type": "number"}),
)


def _schema_of(declared: django_filters.Filter) -> dict[str, Any]:
    field = declared.field
    if isinstance(field, forms.ModelChoiceField):
        return {"type": "string"}
    if isinstance(field, forms.ChoiceField):
        return {"type": "string", "enum": [str(value) for value, _ in _flat(field.choices) if value != ""]}
    schema = next((schema for kind, schema in _SCHEMAS if isinstance(declared, kind)), _TEXT)
    return {**schema, **({"maxLength": field.max_length} if getattr(field, "max_length", None) else {})}


def _flat(choices: Any) -> list[tuple[Any, Any]]:
    return [
        pair for value, label in choices for pair in (label if isinstance(label, list | tuple) else [(value, label)])
    ]


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": description}
