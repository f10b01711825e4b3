"""A streaming replica of the session's server, for the tests that ask for one. Imported by the root conftest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from apps.core.embedded.postgres import Replica

_PATIENCE_S = 20.0
_OF_PRIMARY = ("data_directory", "port", "max_connections")


@dataclass(frozen=True, slots=True)
class ReplicaOfTest:
    """The server, and the aliases that Django knows it by: one for each database."""

    server: Replica
    aliases: dict[str, str]

    def crash(self) -> None:
        """Kill the replica, leaving little to replay when it is started again."""
        with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], autocommit=True) as connection:
            connection.execute("checkpoint")
        self.catch_up()
        with self.server.connect() as connection:
            connection.execute("checkpoint")
        self.server.kill()

    def catch_up(self) -> None:
        """Wait until everything committed so far is replayed and every monitor has seen it."""
        from django.db import connections

        from apps.core.db.replay import Position, monitor_of

        reached = Position.of_primary(connections["default"])
        with psycopg.connect(os.environ["TEST_SUPERUSER_URL"]) as connection:
            # The server of tests commits asynchronously: one commit that is not lets everything before it be sent.
            connection.execute("set synchronous_commit = on")
            connection.execute("select pg_logical_emit_message(true, 'test', 'flush')")
        for alias in self.aliases.values():
            self.awaited(partial(monitor_of(alias).has_replayed, {reached.server: reached}))

    @staticmethod
    def awaited(condition: Callable[[], bool]) -> None:
        """Return as soon as the condition holds. Raises AssertionError when it does not within twenty seconds."""
        deadline = time.monotonic() + _PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError("waited in vain")
            time.sleep(0.005)


@pytest.fixture(scope="session")
def _replica_server(django_db_setup: None) -> Iterator[Replica]:
    from apps.core.embedded.postgres import PostgresServer, Replica
    from apps.core.embedded.server import temporary_folder

    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], autocommit=True) as connection:
        setting = "select current_setting(%s)"
        rows = [connection.execute(setting, [name]).fetchone() or () for name in _OF_PRIMARY]
    folder, port, most = (str(row[0]) for row in rows)
    # A standby may not allow fewer connections than its primary.
    primary = PostgresServer(Path(folder), port=int(port), durable=False, settings={"max_connections": most})
    with temporary_folder() as own, Replica(primary, own / "replica") as server:
        yield server


@pytest.fixture(scope="module")
def _replica_aliases(_replica_server: Replica) -> Iterator[dict[str, str]]:
    """Known to Django before any test of the module starts: it decides then which databases the test may use."""
    from django.conf import settings
    from django.db import connections

    aliases = {primary: f"{primary}_replica_1" for primary in settings.PRIMARY_ALIASES}
    for primary, alias in aliases.items():
        values = connections.settings[primary]
        mirror = {**values["TEST"], "MIRROR": primary}
        connections.settings[alias] = {**values, "PORT": _replica_server.port, "TEST": mirror}
    yield aliases
    for alias in aliases.values():
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]


@pytest.fixture
def replica(_replica_server: Replica, _replica_aliases: dict[str, str], settings: Any) -> Iterator[ReplicaOfTest]:
    """Both databases have a running replica that the router knows. For tests that commit."""
    from django.db import connections

    from apps.core.db import replay

    if _replica_server.pid is None:
        _replica_server.start()
    settings.REPLICAS_OF = {primary: [alias] for primary, alias in _replica_aliases.items()}
    yield ReplicaOfTest(_replica_server, _replica_aliases)
    replay.stop_monitors()
    for alias in _replica_aliases.values():
        connections[alias].close()
    if _replica_server.pid is not None:
        _replica_server.resume_replay()
