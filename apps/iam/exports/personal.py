"""What is kept about a person. Each feature says what it keeps in its `personal_data.py`:

register(PersonalData("sessions", "Where you are signed in", _sessions))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.utils.module_loading import autodiscover_modules


@dataclass(frozen=True, slots=True)
class Subject:
    """A person as the current tenant asks for them. `is_own`: they ask themselves, and may see their other tenants."""

    user_id: UUID
    is_own: bool


@dataclass(frozen=True, slots=True)
class PersonalData:
    """One file of a person's export. `rows` gives JSON-able objects, never a secret."""

    code: str
    label: str
    rows: Callable[[Subject], Iterable[dict[str, Any]]]


_known: dict[str, PersonalData] = {}


def register(data: PersonalData) -> PersonalData:
    """Make a feature's data part of every person's export. Raises ValueError when the code is taken."""
    if _known.setdefault(data.code, data) != data:
        raise ValueError(f"the personal data {data.code} are declared twice")
    return data


def all_personal_data() -> list[PersonalData]:
    """What every feature declared, by code."""
    _discover()
    return [_known[code] for code in sorted(_known)]


@cache
def _discover() -> None:
    """Late, since declarations import queries."""
    autodiscover_modules("personal_data")
