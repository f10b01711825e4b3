"""The session's databases: migrated once, then copied for each test process. Imported by the root conftest, since a
fixture of pytest-django's is replaced.

The databases that the servers were provisioned with are the originals: migrated by their owners as any installation
is, never used by a test. A copy takes a fraction of a second and keeps owners, policies, triggers and grants.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Thread
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql
from psycopg.pq import TransactionStatus

_ORIGINALS = 7_215_301  # the lock that is held while they are being made
_MADE = "the originals are made"
_sessions: dict[str, psycopg.Connection] = {}
_FORGET_ROWS = """
do $$
declare found record;
begin
    perform set_config('session_replication_role', 'replica', true), set_config('statement_timeout', '60s', true);
    for found in
        select oid::regclass as name from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
        and relname not in ('django_migrations', 'django_content_type', 'auth_permission')
    loop
        execute format('delete from %s', found.name);
    end loop;
end $$
"""


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: Any,
    django_db_modify_db_settings: None,
) -> None:
    """Give this process databases of its own, used as the application, which owns nothing.

    They go with the server, so nothing is torn down.
    """
    from django.conf import settings

    with django_db_blocker.unblock():
        if not _worker():
            make_originals(request.config)
        else:
            _wait_for_originals()
        for alias in settings.PRIMARY_ALIASES:
            _use(alias, _copied(alias))


@pytest.fixture(scope="class")
def kept_by_class(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """What fixtures of the class write, which ask for this one, is there in each of its tests and gone after the last:
    for what would take long for each. Each test's own transaction (`db`) is a part of this one; none may commit.
    """
    from django.conf import settings
    from django.db import transaction

    with django_db_blocker.unblock(), ExitStack() as stack:
        for alias in settings.PRIMARY_ALIASES:
            stack.enter_context(transaction.atomic(using=alias))
        yield
        for alias in settings.PRIMARY_ALIASES:
            transaction.set_rollback(True, using=alias)


class MakingOriginals:
    """Beside all else that the first process of a parallel run does. The others wait at a lock of the server's."""

    def __init__(self, config: pytest.Config, blocker: Any) -> None:
        self._config, self._blocker = config, blocker
        self._lock = psycopg.connect(os.environ["TEST_SUPERUSER_URL"], autocommit=True, connect_timeout=10)
        self._lock.execute("select pg_advisory_lock(%s)", [_ORIGINALS])
        self._thread = Thread(target=self._make, name="originals", daemon=True)
        self._thread.start()

    def _make(self) -> None:
        with self._lock, self._blocker.unblock():
            make_originals(self._config)
            self._lock.execute(f"comment on database postgres is '{_MADE}'")

    def pytest_sessionfinish(self) -> None:
        self._thread.join()


def _wait_for_originals() -> None:
    """Raises RuntimeError when they could not be made; why, the first process has said."""
    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], autocommit=True, connect_timeout=10) as server:
        server.execute("select pg_advisory_lock_shared(%s)", [_ORIGINALS])
        found = server.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = 'postgres'"
        ).fetchone()
    if not found or found[0] != _MADE:
        raise RuntimeError("the databases could not be migrated: the thread “originals” says why")


def make_originals(config: pytest.Config) -> None:
    """Bring the originals to the newest schema: from the dumps of an earlier session where they still fit."""
    from django.conf import settings

    from apps.core.testing.schema_cache import SchemaCache

    if not hasattr(config, "cache"):  # -p no:cacheprovider
        _migrate()
        return
    cache = SchemaCache(config.cache.mkdir("migrated"), settings.PRIMARY_ALIASES)
    if config.getoption("create_db") or not cache.restore():
        _migrate()
        cache.store()


def _migrate() -> None:
    """As `manage.py migrate` does."""
    from django.conf import settings
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    for alias in settings.PRIMARY_ALIASES:
        _disconnect(alias)


def _worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "")


def _copied(alias: str) -> str:
    """The name of a fresh copy of the database behind `alias`. Rights on the database itself have to be given anew."""
    from django.db import connections

    from apps.core.db.roles import roles_of

    roles = roles_of(alias)
    original = connections[alias].settings_dict["NAME"]
    name = "_".join(filter(None, ["test", original, _worker()]))
    words = {role: sql.Identifier(getattr(roles, role)) for role in ("owner", "application", "relay")}
    words |= {"copy": sql.Identifier(name), "original": sql.Identifier(original)}
    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], autocommit=True, connect_timeout=10) as server:
        for statement in (
            "create database {copy} template {original} owner {owner}",
            "revoke all on database {copy} from public",
            "grant connect on database {copy} to {owner}, {application}, {relay}",
        ):
            server.execute(sql.SQL(statement).format(**words))
    return name


def _use(alias: str, name: str) -> None:
    """Let everything in this process mean the copy: Django, the relay, and whoever passes a pooler by."""
    from django.conf import settings
    from django.db import connections

    _disconnect(alias)
    connections[alias].settings_dict["NAME"] = name
    settings.DATABASES[alias]["NAME"] = name
    for urls in (settings.DATABASE_RELAY_URLS, settings.DATABASE_DIRECT_URLS):
        if alias in urls:
            urls[alias] = urlunsplit(urlsplit(urls[alias])._replace(path=f"/{name}"))


def _disconnect(alias: str) -> None:
    """While anybody is connected to a database it cannot be copied."""
    from django.db import connections

    connections[alias].close()


def forget_committed_rows() -> None:
    """Remove every row that a test committed: past row-level security, triggers and foreign keys, as nobody else may.

    Django would TRUNCATE, which needs rights that the platform never grants, and then ask every app anew for its
    permissions; most tables hold nothing, and to delete that costs next to nothing.
    """
    from django.conf import settings
    from django.db import connections

    for alias in settings.PRIMARY_ALIASES:
        name = connections[alias].settings_dict["NAME"]
        try:
            _superuser(name).execute(_FORGET_ROWS)
        except psycopg.OperationalError:  # a test has sent everybody away
            _sessions.pop(name).close()
            _superuser(name).execute(_FORGET_ROWS)


def _superuser(database: str) -> psycopg.Connection:
    """A session that stays: a new one would first have to learn of every table, which takes ten times as long."""
    session = _sessions.get(database)
    if session is None or session.closed:
        url = os.environ["TEST_SUPERUSER_URL"]
        session = _sessions[database] = psycopg.connect(url, dbname=database, connect_timeout=10, autocommit=True)
    return session


def forget_lost_connections() -> None:
    """A session that an earlier test let the server end would fail every test after it."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        if connection.connection is not None and connection.connection.closed:
            connection.in_atomic_block = False
            connection.close()


def forget_spoilt_connections() -> None:
    """After a test that commits: a session that it left in a transaction would lock what the next one needs."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        if connection.connection is not None and not _is_as_new(connection):
            connection.in_atomic_block = False
            connection.close()


def _is_as_new(connection: Any) -> bool:
    session = connection.connection
    is_idle = not session.closed and session.pgconn.transaction_status == TransactionStatus.IDLE
    return is_idle and session.autocommit and not connection.in_atomic_block
