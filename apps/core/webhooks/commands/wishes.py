"""What may be wished of a webhook, and how it is written down."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from apps.core.errors import PreconditionFailed
from apps.core.remote.outbound import AddressRefused, check_form
from apps.core.webhooks.errors import InvalidWebhook
from apps.core.webhooks.event_types import EVERYTHING, unknown
from apps.core.webhooks.models import DESCRIPTION_LENGTH, MOST_EVENT_TYPES, URL_LENGTH, WebhookEndpoint


def write(endpoint: WebhookEndpoint, wished: dict[str, Any]) -> None:
    """Let a webhook be as is wished: `url`, `event_types`, `description`, `ordered`. Does not save.

    Raises InvalidWebhook, which names every field that is wrong.
    """
    wished = {**wished, **({"event_types": tidied(wished["event_types"])} if "event_types" in wished else {})}
    errors = {name: texts for name, value in wished.items() if (texts := _wrong(name, value))}
    if errors:
        raise InvalidWebhook(errors=errors)
    for name, value in wished.items():
        setattr(endpoint, name, value)


def tidied(patterns: Iterable[str]) -> list[str]:
    """In order, each once; `*` makes the others superfluous."""
    found = sorted({pattern.strip() for pattern in patterns})
    return [EVERYTHING] if EVERYTHING in found else found


def check_version(endpoint: WebhookEndpoint, expected: int | None) -> None:
    """Raises PreconditionFailed."""
    if expected is not None and endpoint.version != expected:
        raise PreconditionFailed(version=endpoint.version)


def _wrong(name: str, value: Any) -> list[str]:
    check = _CHECKS.get(name)
    return check(value) if check else []


def _wrong_url(url: str) -> list[str]:
    if len(url) > URL_LENGTH:
        return [f"no longer than {URL_LENGTH} characters"]
    if not url.isascii() or any(letter.isspace() or not letter.isprintable() for letter in url):
        return ["write it as it is sent: ASCII, without spaces"]
    try:
        check_form(url)
    except AddressRefused as error:
        return [str(error)]
    return []


def _wrong_event_types(patterns: list[str]) -> list[str]:
    if not patterns:
        return ["choose at least one"]
    if len(patterns) > MOST_EVENT_TYPES:
        return [f"no more than {MOST_EVENT_TYPES}; whole families are written business.orders.*"]
    return [f"there is no event {pattern[:100]!r}" for pattern in unknown(patterns)]


def _wrong_description(text: str) -> list[str]:
    return [f"no longer than {DESCRIPTION_LENGTH} characters"] if len(text) > DESCRIPTION_LENGTH else []


_CHECKS: dict[str, Callable[[Any], list[str]]] = {
    "url": _wrong_url,
    "event_types": _wrong_event_types,
    "description": _wrong_description,
}
