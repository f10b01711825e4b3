"""The problem document of RFC 9457."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from apps.core.api.rendering import now_text
from apps.core.observability import trace_id

CONTENT_TYPE = "application/problem+json"
_RESERVED = {"type", "title", "status", "detail", "instance", "code", "traceId", "timestamp"}
# Where Python's phrase is older than RFC 9110 §15.5.
_PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request failed: `code` is stable and for programs, `detail` says what to do about it."""

    status: int
    code: str
    detail: str
    title: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def document(self, path: str) -> dict[str, Any]:
        """The members of the document; `extra` are its extension members (§3.2)."""
        members = {
            "type": f"urn:problem:{self.code}",
            "title": self.title or _PHRASES.get(self.status) or HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "instance": path,
            "code": self.code,
            "traceId": trace_id(),
            "timestamp": now_text(),
        }
        return members | {name: value for name, value in self.extra.items() if name not in _RESERVED}
