"""The base of every REST view: deny by default, envelope out, one place for errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.cache import patch_vary_headers
from django_filters import FilterSet
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from apps.core.api.conditional import Versioned, check_if_match, etag_of, expected_version, not_modified
from apps.core.api.filtering import filtered
from apps.core.api.pagination import CursorPage
from apps.core.api.permissions import AUTHENTICATED, PERSONAL, PUBLIC, Requirement, Scope
from apps.core.api.rendering import Answer
from apps.core.api.validation import validated
from apps.core.auth import SENSITIVE, StepUp, require_step_up

__all__ = [
    "AUTHENTICATED",
    "PERSONAL",
    "PUBLIC",
    "SENSITIVE",
    "Answer",
    "ApiView",
    "check_if_match",
    "entity_response",
    "etag_of",
    "expected_version",
    "page_of",
    "validated",
]


class ApiView(APIView):
    """A REST endpoint. `request.principal` and `request.actor` say who calls; the tenant is already set."""

    http_method_names: Sequence[str] = ["get", "post", "put", "patch", "delete", "head"]

    required_permission: ClassVar[Requirement] = None
    """A permission, a map from method to permission, PUBLIC, AUTHENTICATED or PERSONAL (nobody who acts in somebody
    else's name). None, or a method left out: denied.
    """

    open_to_guests: ClassVar[bool] = False
    """True where anybody may come and who signs in is known: a credential that is no good makes a guest, not a 401."""

    scoped_to: ClassVar[Scope | None] = None
    """`("order", "order_id")`: the permission is asked for the order that the URL names, so that an assignment for that
    one order is enough. None: it is asked for the tenant as a whole.
    """

    step_up: ClassVar[StepUp | Mapping[str, StepUp] | None] = None
    """How strong and recent the caller's sign-in must be (RFC 9470): `SENSITIVE`, say. It holds for everything but GET;
    a map from method to need says it for each.
    """

    filterset_class: ClassVar[type[FilterSet] | None] = None
    """How `page_of` narrows the list."""

    sortable: ClassVar[Sequence[str]] = ()
    """What `?ordering=` may name."""

    paged: ClassVar[bool] = True
    """False where a list is answered whole, without `page_of` (for the schema)."""

    versioned: ClassVar[bool] = False
    """True where GET sends an ETag and writes honour If-Match (for the schema)."""

    refers: ClassVar[frozenset[str]] = frozenset()
    """The methods whose query or body names something that may not exist: then 404 (for the schema)."""

    expires: ClassVar[bool] = False
    """True where what is asked for may have been there once: then 410 (for the schema)."""

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        if not hasattr(self, request.method.lower()):
            raise MethodNotAllowed(request.method)  # before asking for a permission that nobody could declare
        super().initial(request, *args, **kwargs)
        if need := step_up_of(self.step_up, request.method):
            require_step_up(request.principal, need)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        final: Response = super().finalize_response(request, response, *args, **kwargs)
        if not final.has_header("Cache-Control"):
            final["Cache-Control"] = "private, no-cache"
        patch_vary_headers(final, ["Authorization", "Cookie"])
        return final


def step_up_of(declared: StepUp | Mapping[str, StepUp] | None, method: str) -> StepUp | None:
    """What a method needs of the sign-in behind its caller."""
    if isinstance(declared, Mapping):
        return declared.get("GET" if method == "HEAD" else method)
    return None if method in ("GET", "HEAD") else declared


def page_of(
    request: Any,
    queryset: QuerySet[Any],
    output: type[BaseSerializer[Any]],
    *,
    filterset: type[FilterSet] | None = None,
    sortable: Sequence[str] | None = None,
    context: dict[str, Any] | None = None,
) -> Answer:
    """One page of a list, filtered and ordered as the query parameters say; `meta` holds the neighbours' cursors.

    `filterset` and `sortable` default to the view's `filterset_class` and `sortable`. Raises Invalid.
    """
    view = (getattr(request, "parser_context", None) or {}).get("view")
    filterset = filterset or getattr(view, "filterset_class", None)
    columns = getattr(view, "sortable", ()) if sortable is None else sortable
    queryset = filtered(queryset, filterset, request.GET, request=request)
    page = CursorPage(queryset, sortable=columns).page(request.GET)
    rows = output(page.rows, many=True, context={"request": request, **(context or {})})
    return Answer(rows.data, meta=page.meta(request))


def entity_response(
    request: Any, entity: Versioned, output: type[BaseSerializer[Any]], *, status: int = 200, location: str = ""
) -> Answer:
    """One entity with its ETag; 304 without a body when the caller of a GET already has this version."""
    etag = etag_of(entity)
    headers = {"ETag": etag, **({"Location": location} if location else {})}
    if status == 200 and not_modified(request, etag):
        return Answer(None, status=304, headers=headers)
    return Answer(output(entity, context={"request": request}).data, status=status, headers=headers)
