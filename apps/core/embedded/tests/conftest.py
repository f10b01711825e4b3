from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.core.embedded.postgres import PostgresServer
from apps.core.embedded.server import temporary_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the servers' user can reach."""
    with temporary_folder() as path:
        yield path


@pytest.fixture(scope="session")
def shared_postgres() -> Iterator[PostgresServer]:
    """One server for all tests here that do not stop it."""
    with PostgresServer.temporary() as server:
        yield server
