import subprocess
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


@pytest.fixture(scope="session")
def _new_cluster() -> Iterator[Path]:
    with temporary_folder() as path:
        PostgresServer(path / "pg", durable=False).prepare()
        yield path / "pg"


@pytest.fixture
def cluster(folder: Path, _new_cluster: Path) -> Path:
    """A cluster that was made and never started, of the test's own: a copy, since making one takes long."""
    subprocess.run(["cp", "-a", str(_new_cluster), str(folder)], check=True)
    return folder / "pg"
