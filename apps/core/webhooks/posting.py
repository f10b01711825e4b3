"""One POST to a receiver and what it came to. Touches no database."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from django.conf import settings

from apps.core.remote.outbound import AddressRefused, Answer, Unreachable, post
from apps.core.webhooks import signing
from apps.core.webhooks.dependencies import WEBHOOK_RECEIVERS

_GONE = 410
_SHOWN_HEADERS = ("content-type", "content-length", "date", "location", "retry-after", "server")
_VALUE_LENGTH = 300
_MOST_WAIT_S = 86_400


@dataclass(frozen=True, slots=True)
class Result:
    """What one attempt came to. `status` is None where nothing was answered; `error` says why then."""

    status: int | None
    duration_ms: int
    error: str = ""
    request_headers: Mapping[str, str] = field(default_factory=dict)
    response_headers: Mapping[str, str] = field(default_factory=dict)
    response_excerpt: str = ""
    retry_after_s: float = 0.0

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == _GONE


def send(
    url: str, body: bytes, *, keys: list[bytes], message_id: str, event_type: str, is_test: bool, at: datetime
) -> Result:
    """Sign the body and post it. Raises nothing: whatever goes wrong is a result."""
    headers = {
        **signing.headers(keys, message_id=message_id, at=at, body=body),
        "Content-Type": "application/json",
        "User-Agent": "platform-webhooks/1",
        "webhook-event-type": event_type,
        **({"webhook-test": "true"} if is_test else {}),
    }
    began = time.monotonic()
    try:
        answer = post(
            url,
            body,
            headers=headers,
            through=WEBHOOK_RECEIVERS,
            most_bytes=settings.WEBHOOK_RESPONSE_BYTES,
        )
    except (AddressRefused, Unreachable) as error:
        return Result(None, _since(began), error=f"{error.code}: {error}", request_headers=headers)
    return _result(answer, _since(began), headers, at)


def retry_after_s(value: str, *, at: datetime) -> float:
    """Seconds that a receiver asks us to wait (RFC 9110 §10.2.3), a day at most; 0 for what we do not understand."""
    text = value.strip()
    try:
        wanted = float(text) if text.isascii() and text.isdigit() else _until(parsedate_to_datetime(text), at)
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(wanted, 0.0), _MOST_WAIT_S)


def _until(moment: datetime, at: datetime) -> float:
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - at).total_seconds()


def _result(answer: Answer, duration_ms: int, headers: Mapping[str, str], at: datetime) -> Result:
    excerpt = answer.body.decode("utf-8", "replace").replace("\x00", "�")[: settings.WEBHOOK_EXCERPT_CHARACTERS]
    shown = {name: answer.headers[name][:_VALUE_LENGTH] for name in _SHOWN_HEADERS if name in answer.headers}
    return Result(
        answer.status,
        duration_ms,
        error="" if 200 <= answer.status < 300 else f"answered {answer.status}",
        request_headers=headers,
        response_headers=shown,
        response_excerpt=excerpt,
        retry_after_s=retry_after_s(answer.headers.get("retry-after", ""), at=at),
    )


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)
