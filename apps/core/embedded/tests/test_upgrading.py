"""The way to another PostgreSQL. What needs two versions runs where SECOND_POSTGRES names the programs of a newer one
(.ci/extra/second-postgres does).
"""

import os
from pathlib import Path

import pytest

from apps.core.embedded import cli, upgrading
from apps.core.embedded.account import server_account
from apps.core.embedded.binaries import postgres_folders
from apps.core.embedded.errors import AlreadyRunning, NothingToUpgrade
from apps.core.embedded.postgres import PostgresServer
from apps.core.embedded.state import State

SECOND = os.environ.get("SECOND_POSTGRES", "")
OLD = max(postgres_folders())
two_versions = pytest.mark.skipif(not SECOND, reason="SECOND_POSTGRES names no newer version of PostgreSQL")


@pytest.fixture(autouse=True)
def _second(monkeypatch):
    if SECOND:
        monkeypatch.setenv("PATH", f"{SECOND}:{os.environ['PATH']}")


def newest():
    return max(postgres_folders())


@pytest.fixture
def state(folder):
    found = State(folder / "var")
    found.create()
    return found


@pytest.fixture
def old(state):
    """A cluster of the oldest version that is here, with something in it, and killed."""
    data, _ = state.data_folder(server_account())
    server = PostgresServer(data / "postgres", major=OLD)
    server.start()
    with server.connect() as connection:
        connection.execute("create role somebody login password 'known'")
        connection.execute("create table kept (number integer)")
        connection.execute("insert into kept select generate_series(1, 1000)")
    server.kill()
    return server


def upgrade(state):
    return upgrading.upgrade(state, server_account(), to=newest())


def content(state):
    with PostgresServer(state.data.resolve() / "postgres") as server, server.connect() as connection:
        (rows,) = connection.execute("select count(*) from kept").fetchone()
        (roles,) = connection.execute("select count(*) from pg_roles where rolname = 'somebody'").fetchone()
        return server.major, rows, roles


@two_versions
class TestUpgrade:
    def test_carries_everything_over_and_keeps_what_was(self, state, old):
        (state.data.resolve() / "replica-1").mkdir()

        done = upgrade(state)

        assert (done.before, done.after) == (OLD, newest())
        assert content(state) == (newest(), 1000, 1)
        assert sorted(path.name for path in state.data.resolve().iterdir() if path.is_dir()) == [
            "postgres",
            f"postgres-{OLD}",
        ]
        assert PostgresServer(done.kept).major == OLD

    @pytest.mark.parametrize("instant", ["take_over", "analyze", "complete"])
    def test_cut_off_anywhere_leaves_what_starts_and_can_be_done_again(self, state, old, monkeypatch, instant):
        def cut(*_):
            raise KeyboardInterrupt

        owner = upgrading if instant == "complete" else PostgresServer
        calls = iter([False, True]) if instant == "complete" else iter([True])  # it looks whether to complete first
        real = getattr(owner, instant)
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(owner, instant, lambda *given: cut() if next(calls) else real(*given))
            upgrade(state)
        upgrading.complete(state.data.resolve())

        if instant == "complete":
            assert content(state) == (newest(), 1000, 1)
        else:
            assert content(state) == (OLD, 1000, 1)
            upgrade(state)
            assert content(state) == (newest(), 1000, 1)

    def test_says_what_stands_in_the_way_and_changes_nothing(self, state, old, capsys):
        with old, old.connect() as connection:
            connection.execute("create table odd (things regproc)")  # no version can carry such a column

        code = cli.run("upgrade_postgres", Path(), {"STATE_DIR": str(state.root)}, ["--to", str(newest())])

        assert (code, "pg_upgrade failed" in " ".join(capsys.readouterr())) == (1, True)
        assert content(state) == (OLD, 1000, 1)

    def test_is_offered_on_the_screen(self, old):
        assert upgrading.newer_than(old) == newest()


class TestNothing:
    def test_is_done_without_databases(self, state):
        with pytest.raises(NothingToUpgrade, match="no databases"):
            upgrade(state)

    def test_is_done_while_the_platform_runs(self, state):
        state.data_folder(server_account())
        state.acquire()

        with pytest.raises(AlreadyRunning):
            upgrading.upgrade(State(state.root), server_account())

    def test_is_done_to_data_of_the_version_already(self, state, capsys):
        data, _ = state.data_folder(server_account())
        PostgresServer(data / "postgres", major=newest()).prepare()

        assert cli.run("upgrade_postgres", Path(), {"STATE_DIR": str(state.root)}) == 1
        assert f"of PostgreSQL {newest()} already" in " ".join(capsys.readouterr())

    def test_is_left_lying_about(self, folder):
        """An upgraded cluster takes its place at the next start; one that is in its place already is not touched."""
        done, cluster = folder / "postgres-upgrade.done", folder / "postgres"
        done.mkdir()

        upgrading.complete(folder)
        done.mkdir()
        upgrading.complete(folder)

        assert (cluster.exists(), done.exists()) == (True, True)
