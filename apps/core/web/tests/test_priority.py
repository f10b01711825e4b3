"""Whose request matters more where not all can be answered."""

from __future__ import annotations

import pytest

from apps.core.resilience.door import Priority
from apps.core.web.priority import priority_of


@pytest.mark.parametrize(
    ("method", "header", "expected"),
    [
        ("POST", None, Priority.HIGH),
        ("DELETE", (b"priority", b"u=3"), Priority.HIGH),
        ("GET", None, Priority.NORMAL),
        ("GET", (b"priority", b"u=0, i"), Priority.NORMAL),  # asking for more gives no more
        ("GET", (b"priority", b"i, u=5"), Priority.LOW),
        ("POST", (b"priority", b"u=7"), Priority.LOW),
        ("GET", (b"sec-purpose", b"prefetch;prerender"), Priority.LOW),
    ],
)
def test_is_read_off_the_head(method: str, header: tuple[bytes, bytes] | None, expected: Priority) -> None:
    assert priority_of(method, [header] if header else []) is expected
