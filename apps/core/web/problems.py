"""Errors that the web process answers itself, as problem documents (RFC 9457): Django has not seen these requests."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from apps.core.web.interfaces import RawHeaders

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request is refused. `code` is stable and for programs, `detail` says what to do."""

    status: int
    code: str
    detail: str
    retry_after_s: int | None = None

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase

    def body(self, trace_id: str) -> bytes:
        """The document."""
        members = {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail}
        return json.dumps(members | {"code": self.code, "traceId": trace_id}).encode()

    def headers(self, body: bytes, trace_id: str, *, close: bool) -> RawHeaders:
        """The header fields that go with `body`."""
        fields = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-trace-id", trace_id.encode()),
        ]
        if self.retry_after_s is not None:
            fields.append((b"retry-after", str(self.retry_after_s).encode()))
        return [*fields, (b"connection", b"close")] if close else fields


OVERLOADED = Problem(503, "overloaded", "More is asked than can be answered in time: try again in a moment.", 1)
STOPPING = Problem(503, "stopping", "The server stopped before it could answer; the request may have been done.", 1)
FAILED = Problem(500, "internal_error", "Something went wrong on our side. Quote the traceId when you report it.")
HEAD_TOO_SLOW = Problem(408, "request_timeout", "The header of the request did not arrive in time.")
BODY_TOO_SLOW = Problem(408, "request_timeout", "The body of the request did not arrive in time.")
UNKNOWN_CODING = Problem(501, "unknown_transfer_coding", "The only transfer coding understood here is `chunked`.")
HEAD_TOO_LARGE = Problem(431, "header_too_large", "Send fewer or shorter header fields or cookies, or a shorter URL.")
NO_SPACE = Problem(507, "insufficient_storage", "The server has no room for the body of the request.", 30)


def body_too_large(limit_bytes: int) -> Problem:
    """The answer to a body of more than `limit_bytes`."""
    return Problem(413, "body_too_large", f"The body of a request may have at most {limit_bytes} bytes.")


def bad_request(detail: str) -> Problem:
    """The answer to bytes that are not HTTP."""
    return Problem(400, "bad_request", detail)


def trace_id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The caller's trace id from `traceparent` (W3C Trace Context), or a fresh one: 32 hex digits."""
    for name, value in headers:
        if name == b"traceparent" and (match := _TRACEPARENT.fullmatch(value)):
            return match[1].decode()
    return secrets.token_hex(16)


def raw_response(problem: Problem, *, date: RawHeaders) -> bytes:
    """The whole HTTP/1.1 response, for the protocol to write before any application exists. Ends the connection."""
    trace_id = secrets.token_hex(16)
    body = problem.body(trace_id)
    fields = [*date, *problem.headers(body, trace_id, close=True)]
    head = b"".join(b"%b: %b\r\n" % field for field in fields)
    return b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (problem.status, problem.title.encode(), head, body)
