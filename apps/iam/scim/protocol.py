"""How SCIM speaks HTTP: its media type, and its errors instead of problem documents (RFC 7644 §3.1, §3.12)."""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.response import Response
from scim2_models import Error, InvalidSyntaxException, InvalidValueException, PayloadTooLargeException, SCIMException

from apps.core.api.failures import AlreadyExists
from apps.core.api.problems import count, problem_of
from apps.core.auth import denials
from apps.core.errors import Invalid
from apps.core.observability import trace_id
from apps.iam.groups.errors import GroupNameTaken
from apps.iam.scim.errors import UserNameTaken
from apps.iam.scim.resources import MAX_PAYLOAD
from apps.iam.users.errors import AddressTaken, AlreadyMember

MEDIA_TYPE = "application/scim+json"
_UNIQUENESS = (AlreadyExists, AlreadyMember, AddressTaken, GroupNameTaken, UserNameTaken)
_KEYWORDS = {400: "invalidSyntax", 422: "invalidValue"}


class ScimRenderer(BaseRenderer):
    """JSON without the envelope of the platform's own API."""

    media_type = MEDIA_TYPE
    format = "scim"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else msgspec.json.encode(data)


class ScimParser(BaseParser):
    """A JSON object of bounded size, whose texts PostgreSQL can keep."""

    media_type = MEDIA_TYPE

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> dict[str, Any]:
        body = stream.read(MAX_PAYLOAD + 1)
        if len(body) > MAX_PAYLOAD:
            raise PayloadTooLargeException(detail=f"the body may have {MAX_PAYLOAD} bytes")
        if not body.strip():
            raise InvalidSyntaxException(detail="the body is empty: send a JSON object")
        try:
            data = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise InvalidSyntaxException(detail=f"the body is no JSON: {error}") from error
        if not isinstance(data, dict):
            raise InvalidSyntaxException(detail="the body must be a JSON object")
        if b"\\u0000" in body:
            raise InvalidValueException(detail="a text holds the character U+0000, which cannot be kept")
        return data


class PlainJsonParser(ScimParser):
    media_type = "application/json"


class AlwaysScim(BaseContentNegotiation):
    """There is one representation, whatever the caller would accept."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


def failure(error: BaseException) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers of the answer that an exception is. What is unknown says nothing of what is inside."""
    if isinstance(error, ValidationError):
        found = Error.from_validation_errors(error)[0]
        return found.status or 400, found.model_dump(), {}
    if isinstance(error, SCIMException):
        return error.status, error.to_error().model_dump(), {}
    problem = problem_of(error)
    count(problem)
    status = 400 if problem.status == 422 else problem.status
    keyword = "uniqueness" if isinstance(error, _UNIQUENESS) else _KEYWORDS.get(problem.status)
    if isinstance(error, Invalid):
        keyword = "invalidValue"
    detail = f"{problem.detail or problem.title} ({problem.code})"
    if status >= 500:
        detail = f"{detail} traceId {trace_id()}"
    return status, Error(status=status, scim_type=keyword, detail=detail).model_dump(), dict(problem.headers)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """Django REST framework's hook: every exception of a SCIM view becomes a SCIM error."""
    request = context.get("request")
    denials.note(getattr(request, "_request", request), error)
    status, body, headers = failure(error)
    return Response(body, status=status, headers={**headers, "Cache-Control": "no-store"})
