"""How important a request is, where not all can be answered."""

from __future__ import annotations

import re

from apps.core.resilience.door import Priority
from apps.core.web.interfaces import RawHeaders

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
# RFC 9218 §4.1: urgency from 0 to 7, 3 where nothing is said. Whoever asks for less gets less; for more, no more.
_NOT_URGENT = re.compile(rb"(?:^|,)\s*u\s*=\s*[4-7]\s*(?:,|$)")


def priority_of(method: str, headers: RawHeaders) -> Priority:
    """What changes something is worth more than what is only looked at; what a browser fetches ahead, least."""
    for name, value in headers:
        if name == b"sec-purpose" and b"prefetch" in value:
            return Priority.LOW
        if name == b"priority" and _NOT_URGENT.search(value):
            return Priority.LOW
    return Priority.NORMAL if method in _READS else Priority.HIGH
