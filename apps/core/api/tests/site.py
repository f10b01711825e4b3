"""A small REST site over the table of idempotency keys: a real model, behind real row-level security."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import django_filters
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from drf_spectacular.utils import extend_schema
from redis.exceptions import ConnectionError as RedisConnectionError
from rest_framework import serializers

from apps.core.api.filtering import PrefixFilter
from apps.core.api.pages import page, page_of_rows
from apps.core.api.views import (
    AUTHENTICATED,
    PUBLIC,
    SENSITIVE,
    Answer,
    ApiView,
    check_if_match,
    entity_response,
    expected_version,
    page_of,
    validated,
)
from apps.core.auth import CLERKS, VIEWERS, Permission
from apps.core.errors import Conflict, Invalid, NotFound, Overtaken, PreconditionFailed, TooManyRequests, Unavailable
from apps.core.idempotency import idempotent
from apps.core.idempotency.models import IdempotencyKey


class NotePermission(Permission):
    """Known to the tests alone: declared permissions are found among all subclasses."""

    VIEW = "testnotes.view", "See notes", VIEWERS
    WRITE = "testnotes.write", "Write notes", CLERKS


class CookieMiddleware:
    """Stands where the gateway's relay stands: a browser's session cookie becomes a bearer token."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        token = request.COOKIES.get("session_token")
        if token:
            request.via_cookie = True
            request.META["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return self.get_response(request)


class LineInput(serializers.Serializer):
    sku = serializers.CharField(max_length=10)
    quantity = serializers.IntegerField(min_value=1)


class NoteInput(serializers.Serializer):
    text = serializers.CharField(max_length=20)
    lines = LineInput(many=True, required=False)


class NoteOutput(serializers.Serializer):
    id = serializers.UUIDField()
    text = serializers.CharField(source="key")
    created_at = serializers.DateTimeField()


class NoteFilter(django_filters.FilterSet):
    text = PrefixFilter(field_name="key", normalise=str.lower)
    made = django_filters.IsoDateTimeFromToRangeFilter(field_name="created_at")
    status = django_filters.ChoiceFilter(choices=[("1", "one"), ("2", "two")])

    class Meta:
        model = IdempotencyKey
        fields: list[str] = []


def notes() -> Any:
    return IdempotencyKey.objects.filter(operation="note").order_by("created_at", "id")


def write_note(text: str, **values: Any) -> IdempotencyKey:
    return IdempotencyKey.objects.create(subject=uuid4(), operation="note", key=text, **values)


class Notes(ApiView):
    """Notes."""

    required_permission = {"GET": NotePermission.VIEW, "POST": NotePermission.WRITE}
    filterset_class = NoteFilter
    sortable = ("created_at", "key")

    @extend_schema(responses=NoteOutput(many=True))
    def get(self, request: Any) -> Answer:
        return page_of(request, notes(), NoteOutput)

    @extend_schema(request=NoteInput, responses={201: NoteOutput})
    @idempotent(IdempotencyKey)
    def post(self, request: Any) -> Answer:
        values = validated(NoteInput, request.data)
        if values["text"] == "count":
            return Answer({"count": notes().count()}, status=201)
        note = write_note(values["text"])
        if values["text"] == "fails":
            raise Conflict("written, then refused")
        if values["text"] == "odd":
            return Answer({"seen": True}, status=302)
        return Answer(
            NoteOutput(note).data, status=201, headers={"Location": f"/api/v1/notes/{note.id}"}, meta={"a": 1}
        )


class Versioned:
    version = 3
    id = "x"


class VersionOutput(serializers.Serializer):
    version = serializers.IntegerField()


class VersionedNote(ApiView):
    """One note with versions."""

    required_permission = AUTHENTICATED
    versioned = True

    @extend_schema(responses=VersionOutput)
    def get(self, request: Any) -> Answer:
        return entity_response(request, Versioned(), VersionOutput)

    @extend_schema(request=VersionOutput, responses=VersionOutput)
    def patch(self, request: Any) -> Answer:
        check_if_match(request, Versioned())
        return entity_response(request, Versioned(), VersionOutput)

    @extend_schema(request=VersionOutput, responses=VersionOutput)
    def put(self, request: Any) -> Answer:
        return Answer({"expected": expected_version(request)})


class SensitiveNote(ApiView):
    """A note that only a fresh and strong sign-in may change."""

    required_permission = AUTHENTICATED
    step_up = SENSITIVE

    @extend_schema(responses=VersionOutput)
    def get(self, request: Any) -> Answer:
        return Answer({"version": 1})

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Any) -> Answer:
        return Answer(status=204)


class Undeclared(ApiView):
    """Says nothing of permissions."""

    @extend_schema(responses=VersionOutput)
    def get(self, request: Any) -> Answer:
        return Answer({})


class Open(ApiView):
    """For anybody."""

    required_permission = PUBLIC

    @extend_schema(responses=VersionOutput)
    def get(self, request: Any) -> Answer:
        return Answer({"hello": "world"})

    @extend_schema(request=VersionOutput, responses={204: None})
    def post(self, request: Any) -> Answer:
        request.data  # noqa: B018 (parses it)
        return Answer(status=204)


class NoSuchNote(NotFound):
    """There is no such note."""

    code = "note_not_found"


def _sql(statement: str) -> Callable[[], None]:
    def run() -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute(statement)

    return run


def _raise(error: BaseException) -> Callable[[], None]:
    def run() -> None:
        raise error

    return run


FAILURES: dict[str, Callable[[], None]] = {
    "not_found": _raise(NoSuchNote()),
    "invalid": _raise(Invalid("bad", errors={"text": ["too short"]})),
    "conflict": _raise(Conflict(type="spoofed", why="because")),
    "overtaken": _raise(Overtaken()),
    "precondition": _raise(PreconditionFailed()),
    "limit": _raise(TooManyRequests(retry_after_s=7)),
    "away": _raise(Unavailable(retry_after_s=3)),
    "http404": _raise(Http404("secret path")),
    "denied": _raise(PermissionDenied("secret reason")),
    "suspicious": _raise(SuspiciousOperation("secret")),
    "unknown": _raise(ZeroDivisionError("secret password=hunter2")),
    "redis": _raise(RedisConnectionError("secret host")),
    "sleep": _sql("select pg_sleep(5)"),
    "bad_sql": _sql("select * from no_such_table"),
    "too_large": _sql("select 2147483647 + 1"),
}


class Failing(ApiView):
    """Fails as asked."""

    required_permission = PUBLIC

    @extend_schema(responses=VersionOutput)
    def get(self, request: Any, how: str) -> Answer:
        FAILURES[how]()
        return Answer({})


@page(NotePermission.VIEW)
def note_list(request: Any) -> HttpResponse:
    rows, cursors, errors = page_of_rows(request, notes(), filterset=NoteFilter, sortable=("created_at",), limit=2)
    return HttpResponse(f"{[row.key for row in rows]} {cursors} {errors}")


@page(get=NotePermission.VIEW, post=NotePermission.WRITE)
def note_form(request: Any) -> HttpResponse:
    return HttpResponse("form")


@page(get=AUTHENTICATED, post=AUTHENTICATED, step_up=True)
def sensitive_form(request: Any) -> HttpResponse:
    return HttpResponse("sensitive form")


@page(PUBLIC)
def failing_page(request: Any, how: str) -> HttpResponse:
    FAILURES[how]()
    return HttpResponse("fine")


urlpatterns = [
    path("api/v1/notes", Notes.as_view()),
    path("api/v1/notes/versioned", VersionedNote.as_view()),
    path("api/v1/notes/sensitive", SensitiveNote.as_view()),
    path("api/v1/undeclared", Undeclared.as_view()),
    path("api/v1/open", Open.as_view()),
    path("api/v1/fail/<str:how>", Failing.as_view()),
    path("api/", include("apps.core.api.urls")),
    path("notes/", note_list),
    path("notes/new", note_form),
    path("notes/sensitive", sensitive_form),
    path("fail/<str:how>", failing_page),
]

handler400 = "apps.core.api.error_pages.bad_request"
handler403 = "apps.core.api.error_pages.forbidden"
handler404 = "apps.core.api.error_pages.not_found"
handler500 = "apps.core.api.error_pages.server_error"
