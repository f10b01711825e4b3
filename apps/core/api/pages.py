"""Console pages: thin function views over the same commands and queries as the API's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.timezone import override
from django_filters import FilterSet

from apps.core.api.filtering import filtered
from apps.core.api.pagination import CursorPage
from apps.core.api.permissions import (
    AUTHENTICATED,
    PERSONAL,
    PUBLIC,
    Need,
    Requirement,
    Scope,
    admit,
    need_of,
    resource_of,
)
from apps.core.api.sign_in import sign_in_response
from apps.core.auth import SENSITIVE, StepUp, require_step_up
from apps.core.errors import DomainError, Invalid

__all__ = ["AUTHENTICATED", "PERSONAL", "PUBLIC", "SENSITIVE", "form_errors_from", "page", "page_of_rows", "shell"]

View = Callable[..., HttpResponse]


def page(
    needs: Need | Mapping[str, Need] | None = None,
    *,
    get: Need | None = None,
    post: Need | None = None,
    step_up: StepUp | bool = False,
    scoped_to: Scope | None = None,
) -> Callable[[View], View]:
    """Only callers who hold the permission see the page. One permission is for GET alone; a page that is posted to
    names both: `@page(get=ProductPermission.VIEW, post=ProductPermission.MANAGE)`.

    Anonymous browsers are sent to sign in and come back; a missing permission is a 403 page that names it and who
    holds it; a method without a permission is a 405. With `step_up` (True: SENSITIVE) the person must have signed in
    recently and strongly enough (RFC 9470), already when the form is opened; else they do so now and come back. With
    `scoped_to=("order", "order_id")` the permission is asked for the order that the URL names.
    """
    allowed = _allowed(needs, get, post)
    asked = SENSITIVE if step_up is True else step_up or None

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            need = need_of(allowed, request.method)
            if need is None:
                return HttpResponseNotAllowed(sorted({*allowed, *(["HEAD"] if "GET" in allowed else [])}))
            if request.principal is None and need is not PUBLIC:
                return sign_in_response(request)
            admit(request.principal, need, resource_of(scoped_to, kwargs))
            if asked is not None:
                require_step_up(request.principal, asked)
            with override(ZoneInfo(request.principal.time_zone if request.principal else "UTC")):
                response = view(request, *args, **kwargs)
            response.headers.setdefault("Cache-Control", "private, no-store")
            return response

        guarded.required_permission = allowed  # type: ignore[attr-defined]  # read by the architecture tests
        return guarded

    return decorate


def _allowed(needs: Requirement, get: Need | None, post: Need | None) -> dict[str, Need]:
    named = {method: need for method, need in (("GET", get), ("POST", post)) if need is not None}
    if isinstance(needs, Mapping):
        return {**needs, **named}
    return {**({"GET": needs} if needs is not None else {}), **named}


def page_of_rows(
    request: HttpRequest,
    queryset: QuerySet[Any],
    *,
    filterset: type[FilterSet] | None = None,
    sortable: Sequence[str] = (),
    limit: int = 50,
    ignore: Sequence[str] = (),
) -> tuple[list[Any], dict[str, str | None], list[str]]:
    """Rows, the cursors that the list templates call `page`, and messages for `filter_errors`.

    Wrong parameters are no error page: they are left out, said in the messages, and the list is shown without them.
    An empty field of a filter form counts as not sent. `ignore` names parameters that the view reads itself.
    """
    given = request.GET.copy()
    for name in [name for name, values in given.lists() if name in ignore or not any(values)]:
        del given[name]
    messages: list[str] = []
    while True:
        try:
            rows = filtered(queryset, filterset, given, request=request)
            found = CursorPage(rows, sortable=sortable, default_limit=limit).page(given)
            return found.rows, found.as_context(), messages
        except Invalid as error:
            wrong = [name for name in error.errors if name in given]
            if not wrong:
                raise
            for name in wrong:
                messages.append(f"{name}: {' '.join(error.errors[name])}")
                del given[name]


def form_errors_from(error: DomainError, form: BaseForm) -> None:
    """Show a domain error on the form: beside the fields that it names, the rest above the form."""
    if not isinstance(error, Invalid) or not error.errors:
        form.add_error(None, str(error))
        return
    for name, messages in error.errors.items():
        for message in messages:
            form.add_error(name if name in form.fields else None, message)


def shell(request: Any) -> dict[str, Any]:
    """Context processor: what the frame of every page shows."""
    principal = getattr(request, "principal", None)
    return {"principal": principal, "tenant_name": principal.tenant_name if principal else ""}
