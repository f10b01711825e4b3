"""An event-sourced aggregate for tests: its state remembers the order of all that happened, and something personal."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec

from apps.core.events import Event, Fold, Personal, event


@event(topic="business.notebooks", aggregate="Notebook")
class NotebookWritten(Event):
    """Somebody wrote a line into a notebook."""

    notebook_id: UUID
    writer_id: UUID
    number: int
    line: Annotated[str, Personal("writer_id")]


class Notebook(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a notebook."""

    id: UUID
    writer_id: UUID
    numbers: tuple[int, ...]
    last_line: Annotated[str, Personal("writer_id")]


followed: list[int] = []


def follow(state: Notebook | None, happened: Event) -> Notebook:
    assert isinstance(happened, NotebookWritten)
    followed.append(happened.number)
    return Notebook(
        id=happened.notebook_id,
        writer_id=happened.writer_id,
        numbers=(*(state.numbers if state else ()), happened.number),
        last_line=happened.line,
    )


NOTEBOOK = Fold("Notebook", Notebook, follow)
