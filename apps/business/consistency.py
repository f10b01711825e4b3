"""What a feature says of its own rows when they are held against each other, and against those of features below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Protocol
from uuid import UUID

MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Check:
    """Something that holds for all of `compared`, but for `different` of them, of which the first are named."""

    name: str
    compared: int
    different: int = 0
    named: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return self.different == 0


def checked(name: str, *, compared: int, differences: Iterable[str]) -> Check:
    """A check of which all differences are known."""
    rest = iter(differences)
    named = tuple(islice(rest, MOST_NAMED))
    return Check(name, compared, len(named) + sum(1 for _ in rest), named)


class Look(Protocol):
    """Looks at some documents, which come with their lines: what differs, by the document's id.

    What was recorded after `before` may not have got everywhere yet, and is left alone.
    """

    def __call__(self, documents: Sequence[Any], *, before: datetime) -> Mapping[UUID, str]: ...
