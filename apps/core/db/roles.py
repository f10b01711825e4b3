"""Who a process is to its databases: the application (owns nothing), the relay, or the owner (migrations only)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections


@dataclass(frozen=True, slots=True)
class Roles:
    """Names of the PostgreSQL roles of one database."""

    owner: str
    application: str
    relay: str


def roles_of(alias: str) -> Roles:
    """The roles of the database behind `alias`, as the settings name them."""
    return Roles(**settings.DATABASE_ROLES[alias])


@contextmanager
def as_owner(*aliases: str) -> Iterator[None]:
    """Connect as the owner inside the block. Raises ImproperlyConfigured where the owner's URL is not given.

    Only migrations do this; the serving processes are not even told the owner's password.
    """
    for alias in aliases:
        if alias not in settings.DATABASE_OWNERS:
            name = "DATABASE_OWNER_URL" if alias == "default" else f"{alias.upper()}_DATABASE_OWNER_URL"
            raise ImproperlyConfigured(f"migrating needs {name}: the application's role owns no table")
    before = {alias: dict(connections[alias].settings_dict) for alias in aliases}
    try:
        for alias in aliases:
            _reconnect(alias, settings.DATABASE_OWNERS[alias])
        yield
    finally:
        for alias in aliases:
            _reconnect(alias, {key: before[alias][key] for key in ("USER", "PASSWORD")})


def _reconnect(alias: str, credentials: dict[str, str]) -> None:
    connection = connections[alias]
    connection.close()
    connection.settings_dict.update(credentials)
