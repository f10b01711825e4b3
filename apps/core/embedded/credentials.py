"""The secrets of one installation: drawn at its first start, kept in one file that only their owner can read."""

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from apps.core.embedded import private_json
from apps.core.embedded.options import DATABASES

_ROLES = ("owner", "app", "relay")
_REDIS, _CACHE_REDIS = "redis_password", "cache_redis_password"


def credentials(file: Path) -> dict[str, str]:
    """Every secret by name; those that are missing are drawn and kept."""
    known: dict[str, str] = private_json.read(file) or {}
    missing = {name: draw() for name, draw in _secrets().items() if name not in known}
    if missing:
        known = {**known, **missing}
        private_json.write(file, known)
    return known


def database_password(known: Mapping[str, str], database: str, role: str) -> str:
    """The password of one of a database's three roles."""
    return known[_password_name(database, role)]


def redis_password(known: Mapping[str, str], *, cache: bool) -> str:
    return known[_CACHE_REDIS if cache else _REDIS]


def _secrets() -> dict[str, Callable[[], str]]:
    roles = [_password_name(database, role) for database in DATABASES for role in _ROLES]
    return {
        "DJANGO_SECRET_KEY": lambda: secrets.token_urlsafe(64),
        "KEY_ENCRYPTION_KEYS": lambda: secrets.token_urlsafe(48),
        "BFF_CLIENT_SECRET": lambda: secrets.token_urlsafe(48),
        **{name: lambda: secrets.token_urlsafe(24) for name in (_REDIS, _CACHE_REDIS, *roles)},
    }


def _password_name(database: str, role: str) -> str:
    return f"{database}_{role}_password"
