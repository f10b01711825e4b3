"""Tables that are read whole, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID


def pages_of(rows: Any, size: int) -> Iterator[list[Any]]:
    """Rows in the order of their ids. One statement for each page, and those that come with its rows."""
    after = UUID(int=0)
    while page := list(rows.filter(id__gt=after).order_by("id")[:size]):
        yield page
        after = page[-1].id
