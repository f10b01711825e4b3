"""PostgreSQL and Redis as the platform runs them: real servers, real crashes."""

import os
import pwd
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from apps.core.embedded import process
from apps.core.embedded.account import Account
from apps.core.embedded.errors import FolderUnreachable, ServerFailed
from apps.core.embedded.postgres import PostgresServer, Replica
from apps.core.embedded.redis import RedisServer
from apps.core.embedded.server import temporary_folder
from apps.core.embedded.tests.waiting import eventually

REPOSITORY = Path(__file__).resolve().parents[4]


def run(server: PostgresServer, statement: str) -> list[tuple[object, ...]]:
    with server.connect() as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


class TestPostgresServer:
    def test_keeps_its_data_over_a_stop(self, cluster):
        server = PostgresServer(cluster, durable=False)
        with server:
            run(server, "create table kept as select 7 as number")

        with server:
            assert run(server, "select number from kept") == [(7,)]

    def test_recovers_what_was_committed_before_a_crash(self, cluster):
        with PostgresServer(cluster) as server:
            run(server, "create table kept as select 7 as number")
            server.kill()

            server.start()

            assert run(server, "select number from kept") == [(7,)]

    def test_starts_although_the_pid_of_its_predecessor_belongs_to_another_process(self, cluster, shared_postgres):
        with PostgresServer(cluster, durable=False) as server:
            server.kill()
            pid_file = server.data_dir / "postmaster.pid"
            lines = pid_file.read_text().splitlines()
            pid_file.write_text("\n".join([str(shared_postgres.pid), *lines[1:]]) + "\n")

            server.start()

            assert run(server, "select 1") == [(1,)]

    def test_an_interrupted_creation_is_not_taken_for_a_cluster(self, folder):
        unfinished = folder / "pg.new"
        unfinished.mkdir()
        (unfinished / "PG_VERSION").write_text("15")

        with PostgresServer(folder / "pg", durable=False) as server:
            assert run(server, "select 1") == [(1,)]

        assert not unfinished.exists()

    def test_asks_everybody_for_a_password(self, shared_postgres):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(shared_postgres.url("postgres", "postgres", "wrong"), connect_timeout=5)

    def test_is_checksummed_closed_to_other_users_and_on_loopback_only(self, shared_postgres):
        assert run(shared_postgres, "show data_checksums") == [("on",)]
        assert run(shared_postgres, "show listen_addresses") == [("127.0.0.1",)]
        assert stat.S_IMODE(shared_postgres.data_dir.stat().st_mode) == 0o700

    def test_says_why_it_did_not_start(self, cluster):
        server = PostgresServer(cluster, durable=False, settings={"shared_buffers": "nonsense"})
        server.START_ATTEMPTS = 1

        with pytest.raises(ServerFailed, match="nonsense"):
            server.start()

    def test_finds_another_port_when_the_chosen_one_was_taken_meanwhile(self, cluster):
        server = PostgresServer(cluster, durable=False)
        with socket.create_server(("127.0.0.1", server.port)), server:
            assert run(server, "select 1") == [(1,)]

    def test_ends_with_the_process_that_started_it(self, cluster):
        script = (
            "import sys, pathlib; from apps.core.embedded.postgres import PostgresServer\n"
            "server = PostgresServer(pathlib.Path(sys.argv[1]), durable=False).start()\n"
            "print(server.pid, flush=True); sys.stdin.read()"
        )
        starter = subprocess.Popen(
            [sys.executable, "-c", script, str(cluster)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        pid = int(starter.stdout.readline())
        assert process.started_at(pid)

        starter.kill()
        starter.communicate(timeout=10)

        eventually(lambda: process.started_at(pid) is None, "the server is gone")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can try another user")
    def test_runs_for_an_ordinary_user(self, folder):
        user = pwd.getpwnam("nobody")
        account = Account("nobody", user.pw_uid, user.pw_gid, drops=True)
        if not all(map(account.can_reach, (REPOSITORY / "apps", Path(sys.executable).resolve().parent))):
            pytest.skip("the checkout or its Python is closed to other users")
        os.chown(folder, user.pw_uid, user.pw_gid)
        script = (
            "import sys, pathlib; from apps.core.embedded.postgres import PostgresServer\n"
            "with PostgresServer(pathlib.Path(sys.argv[1]), durable=False) as server:\n"
            "    with server.connect() as c: print(c.execute('select 40 + 2').fetchone()[0])"
        )

        done = subprocess.run(
            [sys.executable, "-c", script, str(folder / "pg")],
            cwd=REPOSITORY,
            user="nobody",
            extra_groups=[],
            capture_output=True,
            text=True,
            timeout=60,
        )

        assert done.stdout.strip() == "42", done.stderr

    @pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's servers reach what the user reaches")
    def test_says_so_when_its_user_cannot_reach_the_folder(self, tmp_path):
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)

        with pytest.raises(FolderUnreachable, match="STATE_DIR"):
            PostgresServer(closed / "pg").start()


class TestReplica:
    def test_follows_its_primary_and_can_lag_on_demand(self, cluster):
        with (
            PostgresServer(cluster, durable=False) as primary,
            Replica(primary, cluster.with_name("standby")) as standby,
        ):
            eventually(standby.is_streaming, "the standby streams")
            standby.pause_replay()
            run(primary, "create table copied as select 7 as number")

            assert run(standby, "select to_regclass('copied')") == [(None,)]
            standby.resume_replay()
            eventually(lambda: run(standby, "select to_regclass('copied')") == [("copied",)], "the table arrives")

            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                run(standby, "create table refused (number int)")

    def test_catches_up_after_it_was_away(self, cluster):
        with PostgresServer(cluster, durable=False) as primary:
            standby = Replica(primary, cluster.with_name("standby")).start()
            standby.kill()
            run(primary, "create table copied as select 7 as number")

            with standby:
                eventually(lambda: run(standby, "select to_regclass('copied')") == [("copied",)], "the table arrives")


class TestTemporaryFolder:
    def test_of_a_session_that_was_killed_is_removed_by_a_later_one(self):
        script = (
            "import sys; from apps.core.embedded.server import temporary_folder\n"
            "with temporary_folder() as folder: print(folder, flush=True); sys.stdin.read()"
        )
        session = subprocess.Popen(
            [sys.executable, "-c", script], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        left = Path(session.stdout.readline().strip())
        with temporary_folder():
            assert left.exists()

        session.kill()
        session.communicate(timeout=10)

        with temporary_folder() as own:
            assert not left.exists()
            assert own.exists()


class TestRedisServer:
    def test_keeps_its_data_over_a_stop_and_evicts_nothing(self, folder):
        server = RedisServer(folder / "redis")
        with server:
            redis.from_url(server.dsn).set("kept", "7")

        with server:
            client = redis.from_url(server.dsn)
            assert client.get("kept") == b"7"
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}

    def test_as_a_cache_evicts_the_least_used_and_keeps_nothing(self, folder):
        server = RedisServer(folder / "redis", cache=True)
        with server:
            client = redis.from_url(server.dsn)
            client.set("lost", "7")
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lfu"}

        with server:
            assert redis.from_url(server.dsn).get("lost") is None

    def test_refuses_a_caller_without_the_password(self, folder):
        with RedisServer(folder / "redis", durable=False) as server:
            with pytest.raises(redis.AuthenticationError):
                redis.Redis(port=server.port).ping()

            arguments = Path(f"/proc/{server.pid}/cmdline")
            if arguments.exists():
                assert server.password not in arguments.read_text()
