"""A page of rows has as many keys as people. Those of all that was read together come by one statement, when the first
of it is opened.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from uuid import UUID

from apps.core.crypto.keys import fetch_keys
from apps.core.crypto.sealing import Unreadable
from apps.core.crypto.tokens import needs_statement, opened, version_of

_AT_ONCE = 500
_REMEMBERED = 20_000


class _Expected(threading.local):
    """The tokens that this thread has read last from one database in one tenant, in their order."""

    def __init__(self) -> None:
        self.place: tuple[str, UUID | None] = ("", None)
        self.tokens: list[str] = []


_expected = _Expected()


def expect(token: str, database: str, tenant_id: UUID | None) -> None:
    """Note a token that was read, and may be opened. Costs next to nothing."""
    if _expected.place != (database, tenant_id):
        _expected.place, _expected.tokens = (database, tenant_id), []
    elif len(_expected.tokens) >= _REMEMBERED:
        del _expected.tokens[: _REMEMBERED // 2]
    _expected.tokens.append(token)


def opened_with_others(token: str, database: str, tenant_id: UUID, place: str) -> str:
    """As `tokens.opened`. At most a statement for what was read with it: `_AT_ONCE` tokens from this one on."""
    if needs_statement(token, database=database, tenant_id=tenant_id):
        fetch_keys(database, tenant_id, _wanted_with(token, (database, tenant_id)))
    return opened(token, database=database, tenant_id=tenant_id, place=place)


def _wanted_with(token: str, place: tuple[str, UUID]) -> list[tuple[UUID, int]]:
    tokens = _expected.tokens if _expected.place == place else []
    found = {version_of(token): None}
    with suppress(ValueError):  # it was read long ago, or in another thread
        start = tokens.index(token)
        for other in tokens[start : start + _AT_ONCE]:
            with suppress(Unreadable):
                found[version_of(other)] = None
    return list(found)
