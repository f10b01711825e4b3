"""The pytest plugin of the whole suite (`-p apps.core.testing.plugin`): real servers, real roles, a clean slate."""

from __future__ import annotations

import atexit
import gc
import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest

_stack = ExitStack()
_redis: dict[str, Any] = {}
atexit.register(_stack.close)  # pytest does not unconfigure after a usage error


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Before Django reads its settings the servers must be known; after that the root conftest may use models."""
    import django

    from apps.core.testing import contexts

    contexts.register(early_config)
    from apps.core.testing import servers

    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if not worker:
        servers.start_servers(_stack)
    else:
        servers.use_own_redis_database(int(worker.removeprefix("gw")) % 15 + 1)
    django.setup()
    _hash_passwords_quickly()
    _end_transactional_tests_quickly()
    _find_files_when_asked()
    _remember_routes()
    return (yield)


def _hash_passwords_quickly() -> None:
    """Passwords are slow to check on purpose; here nobody steals any."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 8, 1


def _end_transactional_tests_quickly() -> None:
    """Without its session of the database, too, unless it is no longer as new."""
    from django.test import TransactionTestCase

    from apps.core.testing.databases import forget_committed_rows, forget_spoilt_connections

    def end(_: TransactionTestCase) -> None:
        forget_spoilt_connections()
        forget_committed_rows()

    TransactionTestCase._fixture_teardown = end  # type: ignore[attr-defined,method-assign]
    TransactionTestCase._should_reload_connections = lambda _: False  # type: ignore[attr-defined]


def _find_files_when_asked() -> None:
    """Each of a thousand test clients is a start of the application, which would list every static file."""
    from django.conf import settings

    settings.WHITENOISE_AUTOREFRESH = True


def _remember_routes() -> None:
    """They are kept by the module that names them, and no module changes: to forget them after each test that has
    routes of its own would cost a fifth of a second for all of the platform's.
    """
    import django.urls

    django.urls.clear_url_caches = lambda: None


def pytest_configure(config: pytest.Config) -> None:
    from apps.core.testing.ledger import LedgerPlugin, is_whole_run
    from apps.core.testing.operations import OperationPlugin
    from apps.core.testing.spreading import SpreadingPlugin

    config.pluginmanager.register(SpreadingPlugin())
    if is_whole_run(config):
        config.pluginmanager.register(OperationPlugin())
    if not os.environ.get("PYTEST_XDIST_WORKER"):
        config.pluginmanager.register(LedgerPlugin(config))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """What the processes of a parallel run copy their databases from is made while they start and collect."""
    from pytest_django.plugin import blocking_manager_key

    from apps.core.testing.databases import MakingOriginals

    if session.config.getoption("numprocesses", None) and not session.config.option.collectonly:
        making = MakingOriginals(session.config, session.config.stash[blocking_manager_key])
        session.config.pluginmanager.register(making)


def pytest_unconfigure() -> None:
    _stack.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that may use the database may use both: an event or a history row may land in either."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker is not None and "databases" not in marker.kwargs:
            item.add_marker(pytest.mark.django_db(*marker.args, **marker.kwargs, databases="__all__"), append=False)


def pytest_collectstart() -> None:
    """Nothing of what is imported and collected is garbage."""
    gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: without it, and in longer turns, garbage is looked for in a
    tenth less of the processor's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


@pytest.fixture(autouse=True)
def _clean_slate(request: pytest.FixtureRequest) -> Iterator[None]:
    """No limit, session or cached answer of an earlier test."""
    from apps.core.testing.contexts import uses_database
    from apps.core.testing.databases import forget_lost_connections

    forget_lost_connections()
    yield
    if uses_database(request.node):
        _empty_redis()
        _forget_keys()


def _forget_keys() -> None:
    """Their rows went with the test's transaction."""
    from apps.core.crypto.keys import forget_keys

    forget_keys()


def _empty_redis() -> None:
    import redis
    from django.conf import settings

    for url in (settings.REDIS_URL, settings.CACHE_REDIS_URL):
        if url not in _redis:
            _redis[url] = redis.Redis.from_url(url)
        _redis[url].flushdb()


@pytest.fixture
def tenant_id() -> UUID:
    """The id of this test's tenant. Nothing is entered: `with tenant(tenant_id)` or `in_tenant` does that."""
    from apps.core.db.ids import uuid7

    return uuid7()


@pytest.fixture
def other_tenant_id() -> UUID:
    """The id of a tenant that must see nothing of this test's."""
    from apps.core.db.ids import uuid7

    return uuid7()


@pytest.fixture
def in_tenant(tenant_id: UUID) -> Iterator[UUID]:
    """Run the test inside its tenant."""
    from apps.core.tenancy import tenant

    with tenant(tenant_id):
        yield tenant_id
