"""A PostgreSQL and two Redis servers of the test session's own, on free ports, gone when it ends.

The processes of a parallel run share the servers; each has databases of its own. Everything is handed over through
the environment, as to any process of the platform.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit, urlunsplit

from apps.core.db.provision import RolePasswords, provision
from apps.core.embedded.postgres import PostgresServer
from apps.core.embedded.redis import RedisServer
from apps.core.embedded.server import temporary_folder

_PREFIXES = {"default": "DATABASE", "business": "BUSINESS_DATABASE"}


def start_servers(stack: ExitStack, *, durable: bool = False) -> None:
    """Start the servers, provision the roles and tell the environment. The stack stops them.

    `durable` lets PostgreSQL wait for the disk at each commit, as it does for users; tests need not.
    """
    postgres = stack.enter_context(_postgres(durable))
    passwords = {alias: RolePasswords(*(secrets.token_urlsafe(12) for _ in range(3))) for alias in _PREFIXES}
    provision(postgres.dsn, passwords, createdb=True)
    for alias, prefix in _PREFIXES.items():
        roles = passwords[alias]
        os.environ[f"{prefix}_URL"] = postgres.url(alias, f"{alias}_app", roles.app)
        os.environ[f"{prefix}_OWNER_URL"] = postgres.url(alias, f"{alias}_owner", roles.owner)
        os.environ[f"{prefix}_RELAY_URL"] = postgres.url(alias, f"{alias}_relay", roles.relay)
        os.environ.pop(f"{prefix}_REPLICA_URLS", None)
    os.environ["TEST_SUPERUSER_URL"] = postgres.dsn
    os.environ["REDIS_URL"] = stack.enter_context(RedisServer.temporary(cache=False)).dsn
    os.environ["CACHE_REDIS_URL"] = stack.enter_context(RedisServer.temporary(cache=True)).dsn
    _tell_secrets(stack)


@contextmanager
def _postgres(durable: bool) -> Iterator[PostgresServer]:
    with temporary_folder() as folder:
        settings = {"max_connections": "150"}
        with PostgresServer(folder / "postgres", port=0, durable=durable, settings=settings) as server:
            yield server


def use_own_redis_database(number: int) -> None:
    """Give one of the processes of a parallel run its own numbered database on both Redis servers."""
    for name in ("REDIS_URL", "CACHE_REDIS_URL"):
        os.environ[name] = urlunsplit(urlsplit(os.environ[name])._replace(path=f"/{number}"))


def _tell_secrets(stack: ExitStack) -> None:
    os.environ["DJANGO_SECRET_KEY"] = secrets.token_urlsafe(48)
    os.environ["KEY_ENCRYPTION_KEYS"] = secrets.token_urlsafe(48)
    os.environ["BFF_CLIENT_SECRET"] = secrets.token_urlsafe(32)
    os.environ["ENVIRONMENT"] = "test"
    os.environ.setdefault("LOG_LEVEL", "WARNING")  # a line for each request is a twelfth of what it costs
    os.environ["BASE_URL"] = "http://testserver"
    os.environ["EVENTS_TRANSPORT"] = os.environ.get("EVENTS_TRANSPORT", "postgres")
    os.environ["STATE_DIR"] = stack.enter_context(tempfile.TemporaryDirectory(prefix="state-"))
