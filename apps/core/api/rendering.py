"""Success is `{success, data, meta, traceId, timestamp}`; errors are problem documents, rendered as they are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from apps.core.observability import trace_id
from apps.core.resilience.fallbacks import stale_answers

_fallback = JSONEncoder().default
_encoder = msgspec.json.Encoder(enc_hook=_fallback)
_EMPTY = (204, 304)


class Answer(Response):
    """A response whose envelope carries `meta` beside the data."""

    def __init__(self, data: Any = None, *, meta: dict[str, Any] | None = None, **kwargs: Any) -> None:
        self.meta = meta or {}
        super().__init__(data, **kwargs)

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()  # type: ignore[assignment]
        return {**state, "meta": self.meta}


class EnvelopeRenderer(JSONRenderer):
    """The only renderer of the API."""

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        response = (renderer_context or {}).get("response")
        if response is not None and response.status_code in _EMPTY:
            return b""
        if response is not None and response.exception:
            return _encoder.encode(data)
        return _encoder.encode(enveloped(data, getattr(response, "meta", {})))


def json_of(data: Any) -> str:
    """What a serializer made, as the API writes it but without the envelope. One line."""
    return _encoder.encode(data).decode()


def enveloped(data: Any, meta: dict[str, Any]) -> dict[str, Any]:
    """The success envelope of the moment. Where something could not be asked, `meta.stale` says so."""
    if stale := stale_answers():
        meta = {**meta, "stale": stale}
    return {"success": True, "data": data, "meta": meta, "traceId": trace_id(), "timestamp": now_text()}


def now_text() -> str:
    """The time in UTC as RFC 3339 has it, to the millisecond: `2026-11-23T03:12:00.123Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
