"""The whole start around real servers, with stand-ins for the platform's own processes."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from apps.core.db.provision import RolePasswords, provision
from apps.core.embedded import cli, leftovers, ports, private_json, process
from apps.core.embedded.errors import BadOption
from apps.core.embedded.options import DATABASES, options_from
from apps.core.embedded.platform import Platform
from apps.core.embedded.screen import Screen
from apps.core.embedded.server import temporary_folder
from apps.core.embedded.state import State
from apps.core.embedded.tests.stand_in import MANAGE, application
from apps.core.embedded.tests.waiting import eventually

REPOSITORY = Path(__file__).resolve().parents[4]
OWN = {"postgres", "redis", "cache-redis", "web", "worker", "bulk", "relay", "beat"}


class Installation:
    """A checkout's state folder, and the platform that may run on it."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.state = State(project / "var")
        self.running: subprocess.Popen[str] | None = None
        self.port = ports.any_free()
        (project / "manage.py").write_text(MANAGE)

    def start(self, **environ: str) -> subprocess.Popen[str]:
        wanted = ("PATH", "HOME", "TMPDIR", "COV")  # the last: so that coverage is measured there too
        inherited = {name: value for name, value in os.environ.items() if name.startswith(wanted)}
        self.running = subprocess.Popen(
            [sys.executable, "-m", "apps.core.embedded.tests.stand_in", str(self.project)],
            cwd=REPOSITORY,
            env={**inherited, "PYTHONPATH": str(REPOSITORY), "PORT": str(self.port), **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        return self.running

    def started(self, **environ: str) -> "Installation":
        running = self.start(**environ)
        eventually(lambda: self.is_ready() or running.poll() is not None, "the platform is ready", 60)
        assert running.poll() is None, running.communicate()[0]
        return self

    def is_ready(self) -> bool:
        return self.told()["ready"] and self.pids().get("supervisor") == self.running.pid

    def told(self) -> dict:
        try:
            return json.loads(self.state.platform.read_text())
        except FileNotFoundError:
            return {"ready": False, "processes": []}

    def pids(self) -> dict[str, int]:
        return {entry["name"]: entry["pid"] for entry in self.told()["processes"]}

    def calls(self) -> list[str]:
        file = self.project / "calls"
        return [json.loads(line)[0] for line in file.read_text().splitlines()] if file.exists() else []

    def stopped(self) -> str:
        self.running.send_signal(signal.SIGTERM)
        return self.running.communicate(timeout=30)[0]

    def shared(self, name: str) -> str:
        return json.loads(self.state.environment.read_text())["shared"][name]

    def default(self) -> psycopg.Connection:
        urls = json.loads(self.state.environment.read_text())
        return psycopg.connect(urls["owner"]["DATABASE_OWNER_URL"], autocommit=True, connect_timeout=5)


@pytest.fixture
def installation() -> Iterator[Installation]:
    with temporary_folder() as folder:
        # As a checkout is: root's, with a way through for others.
        os.chown(folder, os.geteuid(), os.getegid())
        folder.chmod(0o755)
        installation = Installation(folder)
        yield installation
        if installation.running and installation.running.poll() is None:
            installation.running.kill()
            installation.running.communicate(timeout=10)
        leftovers.end(installation.state.children, installation.state.root)


def alive(pids: dict[str, int]) -> list[str]:
    return [name for name, pid in pids.items() if process.started_at(pid)]


class TestStarting:
    def test_brings_up_everything_and_tells_scripts_about_it(self, installation):
        installation.started(REPLICAS="1")

        told = installation.told()
        assert told["base_url"] == f"http://127.0.0.1:{installation.port}"
        assert told["tenants"][0]["accounts"][0]["email"] == "owner@acme.example"
        assert set(installation.pids()) == OWN | {"supervisor", "replica-1"}
        assert alive(installation.pids()) == list(installation.pids())
        for private in (installation.state.platform, installation.state.secrets, installation.state.environment):
            assert stat.S_IMODE(private.stat().st_mode) == 0o600
        said = installation.stopped()
        assert told["base_url"] in said
        assert "owner@acme.example" in said
        assert str(installation.state.log) in said

    def test_a_second_time_keeps_the_data_and_repeats_no_work(self, installation):
        installation.started()
        with installation.default() as connection:
            connection.execute("create table kept as select 7 as number")
        first = installation.state.secrets.read_text()
        installation.stopped()

        with socket.create_server(("127.0.0.1", private_json.read(installation.state.ports)["postgres"])):
            installation.started()  # on another port of PostgreSQL's, since somebody has taken the one it had

        with installation.default() as connection:
            assert connection.execute("select number from kept").fetchone() == (7,)
        assert installation.calls() == ["migrate", "seed_demo"]
        assert installation.state.secrets.read_text() == first

    def test_empty_names_the_command_that_makes_the_first_owner(self, installation):
        installation.started(DEMO="0")

        assert "manage.py create_owner" in installation.stopped()
        assert installation.calls() == ["migrate"]

    def test_takes_the_next_port_when_nobody_asked_for_one(self, installation):
        with socket.create_server(("127.0.0.1", 8000)) if ports.is_free(8000) else socket.socket():
            installation.started(PORT="")

            said = installation.stopped()

        assert "Port 8000 is taken" in said

    def test_refuses_a_port_that_was_asked_for_and_is_taken(self, installation):
        with socket.create_server(("127.0.0.1", installation.port)):
            said, _ = installation.start().communicate(timeout=30)

        assert f"PORT={installation.port} is taken" in said
        assert installation.running.returncode != 0

    def test_refuses_a_second_supervisor_on_the_same_folder(self, installation):
        first = installation.started().running

        said, _ = installation.start().communicate(timeout=30)

        assert "It already runs" in said
        assert installation.running.returncode == 1
        installation.running = first

    def test_gives_up_with_the_reason_when_a_process_keeps_ending(self, installation):
        said, _ = installation.start(CRASHING="worker").communicate(timeout=60)

        assert "worker ended with code 1 and does so again and again" in said
        assert "stand-in: no good" in said
        assert installation.running.returncode == 1
        assert alive(installation.pids()) == []

    @pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's servers reach what the user reaches")
    def test_puts_the_data_where_the_servers_can_reach_it_and_says_so(self, installation):
        installation.project.chmod(0o700)

        said = installation.started().stopped()

        place = installation.state.data.resolve()
        assert place.parent == Path("/var/lib")
        assert str(place) in said
        assert stat.S_IMODE(installation.project.stat().st_mode) == 0o700
        installation.state.remove()
        assert not place.exists()


class TestTellingScripts:
    def test_that_it_is_not_ready_comes_before_all_else(self, installation, monkeypatch):
        """After a kill the file still says that all is well."""
        state = installation.state
        state.create()
        private_json.write(state.platform, {"ready": True})
        left = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], process_group=0)
        mark = process.started_at(left.pid) or ""
        leftovers.remember(state.children, [{"name": "web", "pid": left.pid, "started": mark, "signal": 15}])
        told_at: list[bool] = []
        screen = Screen()
        monkeypatch.setattr(screen, "note", lambda _text: told_at.append(installation.told()["ready"]))

        with socket.create_server(("127.0.0.1", installation.port)), pytest.raises(BadOption):
            options = options_from(installation.project, {"PORT": str(installation.port)})
            Platform(options, state, screen, application).run()

        assert told_at == [False]
        assert left.wait(10) == -signal.SIGTERM


class TestStopping:
    def test_leaves_no_process_and_says_that_it_is_not_ready(self, installation):
        pids = installation.started(REPLICAS="1").pids()

        installation.stopped()

        assert installation.running.returncode == 0
        assert alive(pids) == []
        assert installation.told()["ready"] is False
        assert installation.told()["processes"] == []

    def test_by_make_stop(self, installation, capsys):
        pids = installation.started().pids()

        assert cli.run("stop", installation.project, {}) == 0

        installation.running.communicate(timeout=30)
        assert alive(pids) == []
        assert cli.run("stop", installation.project, {}) == 0
        assert "Nothing runs" in capsys.readouterr().out


class TestCrashes:
    def test_of_the_supervisor_are_recovered_by_the_next_start(self, installation):
        before = installation.started().pids()
        with installation.default() as connection:
            connection.execute("create table kept as select 7 as number")
        installation.running.kill()
        installation.running.communicate(timeout=10)

        after = installation.started().pids()

        with installation.default() as connection:
            assert connection.execute("select number from kept").fetchone() == (7,)
        assert alive(before) == []
        assert set(alive(after)) == OWN | {"supervisor"}

    @pytest.mark.parametrize("name", ["postgres", "web"])
    def test_of_a_process_are_repaired_and_published(self, installation, name):
        before = installation.started().pids()

        os.kill(before[name], signal.SIGKILL)

        eventually(lambda: installation.pids().get(name) not in (None, before[name]), f"{name} has a new pid")
        eventually(lambda: installation.told()["ready"], "still ready")
        assert f"{name} was ended by signal SIGKILL" in installation.stopped()

    def test_of_a_replica_that_cannot_come_back_do_not_stop_the_platform(self, installation):
        installation.started(REPLICAS="1")
        installation.stopped()
        replica = installation.state.data / "replica-1"
        (replica / "global" / "pg_control").write_bytes(b"broken")

        installation.started(REPLICAS="1")

        assert "replica-1" in alive(installation.pids())


class TestMockKafka:
    def test_is_told_to_its_users_and_marked_as_memory_only(self, installation):
        installation.started(EVENTS_TRANSPORT="kafka")

        addresses = installation.shared("KAFKA_BOOTSTRAP_SERVERS").split(",")
        assert len(addresses) == 3
        for address in addresses:
            host, port = address.split(":")
            socket.create_connection((host, int(port)), timeout=5).close()
        assert "MEMORY ONLY" in installation.stopped()

    def test_after_a_crash_is_followed_to_its_new_addresses(self, installation):
        before = installation.started(EVENTS_TRANSPORT="kafka").pids()
        addresses = installation.shared("KAFKA_BOOTSTRAP_SERVERS")

        os.kill(before["mock-kafka"], signal.SIGKILL)

        eventually(lambda: installation.shared("KAFKA_BOOTSTRAP_SERVERS") != addresses, "new addresses are told")
        for name in ("web", "worker", "relay"):
            eventually(lambda name=name: installation.pids().get(name) not in (None, before[name]), f"{name} is new")

    def test_is_not_started_where_a_broker_is_given(self, installation):
        installation.started(EVENTS_TRANSPORT="kafka", KAFKA_BOOTSTRAP_SERVERS="broker:9092")

        assert "mock-kafka" not in installation.pids()
        assert installation.shared("KAFKA_BOOTSTRAP_SERVERS") == "broker:9092"


class TestGivenServers:
    def test_are_used_instead_of_our_own(self, installation, shared_postgres):
        words = RolePasswords(owner="o", app="a", relay="r")
        provision(shared_postgres.dsn, {"default": words, "business": words})
        urls = {
            f"{prefix}_{role}URL": shared_postgres.url(database, f"{database}_{name}", name[0])
            for database, prefix in DATABASES.items()
            for role, name in (("", "app"), ("OWNER_", "owner"), ("RELAY_", "relay"))
        }

        installation.started(**urls, REDIS_URL="redis://elsewhere:6379/0")

        assert set(installation.pids()) == OWN - {"postgres", "redis"} | {"supervisor"}
        assert installation.shared("DATABASE_URL") == urls["DATABASE_URL"]
        assert installation.calls() == ["migrate", "seed_demo"]


class TestCleaning:
    def test_refuses_while_the_platform_runs(self, installation, capsys):
        installation.started()

        assert cli.run("clean", installation.project, {"YES": "1"}) == 1

        assert "make stop" in capsys.readouterr().out
        assert installation.state.secrets.exists()

    def test_asks_first_and_removes_everything_then(self, installation, capsys):
        installation.started().stopped()

        assert cli.run("clean", installation.project, {}) == 1
        assert installation.state.secrets.exists()
        assert cli.run("clean", installation.project, {"YES": "1"}) == 0
        assert not installation.state.root.exists()


class TestCommandLine:
    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=REPOSITORY,
            env={"PATH": os.environ["PATH"], **environ},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def test_needs_no_settings_to_say_that_nothing_runs(self, tmp_path):
        done = self.run("stop", STATE_DIR=str(tmp_path / "var"), DJANGO_SETTINGS_MODULE="no.such.settings")

        assert done.returncode == 0
        assert "Nothing runs" in done.stdout

    def test_names_a_log_that_is_not_there(self, tmp_path):
        done = self.run("logs", STATE_DIR=str(tmp_path / "var"), LOG="web")

        assert done.returncode == 1
        assert "There is no such log" in done.stdout

    def test_refuses_a_wrong_size_in_one_line(self, tmp_path):
        done = self.run("up", STATE_DIR=str(tmp_path / "var"), WEB_PROCESSES="many")

        assert done.returncode == 2
        assert "WEB_PROCESSES=many must be a whole number from 1 to 64" in " ".join(done.stdout.split())
        assert done.stderr == ""

    def test_lists_every_make_target_when_none_is_named(self):
        targets = {"run", "stop", "logs", "clean", "test", "check", "bench", "lock", "fmt", "migrations"}

        said = subprocess.run(["make"], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True).stdout

        assert targets <= set(said.split())


class TestUnavailableChoices:
    @pytest.mark.parametrize("name", ["TOPOLOGY", "DATABASES"])
    def test_end_with_one_line_and_code_2(self, installation, capsys, name):
        assert cli.run("up", installation.project, {name: "several"}) == 2

        said = capsys.readouterr().out.strip()
        assert f"{name}=several is not available in this version" in " ".join(said.split())
