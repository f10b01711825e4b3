"""The whole start around real servers, with stand-ins for the platform's own processes."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
MEASURING = ("COVERAGE_OF_RUN",)  # told to the supervisor itself, who measures its lines
RUNNER = "COVERAGE_RUNNER"
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
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", *MEASURING) if name in os.environ}
        runner = ("-m", os.environ[RUNNER]) if RUNNER in os.environ else ("-m",)
        module = ("apps.core.embedded.tests.stand_in", str(self.project))
        self.running = subprocess.Popen(
            [sys.executable, *runner, *module],
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


@contextmanager
def installed(kept: Path | None = None) -> Iterator[Installation]:
    """A checkout of nothing but `manage.py`, or a copy of one; nothing of it runs any longer after the block."""
    with temporary_folder() as folder:
        if kept is not None:
            subprocess.run(["cp", "-a", f"{kept}/.", str(folder)], check=True)
        # As a checkout is: root's, with a way through for others.
        os.chown(folder, os.geteuid(), os.getegid())
        folder.chmod(0o755)
        installation = Installation(folder)
        try:
            yield installation
        finally:
            if installation.running and installation.running.poll() is None:
                installation.running.kill()
                installation.running.communicate(timeout=10)
            leftovers.end(installation.state.children, installation.state.root)


@pytest.fixture
def new() -> Iterator[Installation]:
    """One that was never started."""
    with installed() as installation:
        yield installation


@pytest.fixture(scope="module")
def first_start() -> Iterator[Path]:
    """The checkout of one that was started once and stopped, with a table `kept` in it."""
    with installed() as installation:
        installation.started()
        with installation.default() as connection:
            connection.execute("create table kept as select 7 as number")
        installation.stopped()
        yield installation.project


@pytest.fixture
def installation(first_start: Path) -> Iterator[Installation]:
    """One that has its data: a copy of the first start."""
    with installed(first_start) as copy:
        yield copy


def kept_in(installation: Installation) -> tuple[int]:
    with installation.default() as connection:
        return connection.execute("select number from kept").fetchone()


def changed(installation: Installation, before: dict[str, int]) -> set[str]:
    """Who has a new pid."""
    return {name for name, pid in installation.pids().items() if pid != before.get(name)}


def alive(pids: dict[str, int]) -> list[str]:
    return [name for name, pid in pids.items() if process.started_at(pid)]


class TestStarting:
    def test_brings_up_everything_tells_scripts_about_it_and_stops_without_a_trace(self, new):
        pids = new.started(REPLICAS="1").pids()

        told = new.told()
        assert told["base_url"] == f"http://127.0.0.1:{new.port}"
        assert told["tenants"][0]["accounts"][0]["email"] == "owner@acme.example"
        assert set(pids) == OWN | {"supervisor", "replica-1"}
        assert alive(pids) == list(pids)
        for private in (new.state.platform, new.state.secrets, new.state.environment):
            assert stat.S_IMODE(private.stat().st_mode) == 0o600
        said = new.stopped()
        assert told["base_url"] in said
        assert "owner@acme.example" in said
        assert str(new.state.log) in said
        assert new.running.returncode == 0
        assert alive(pids) == []
        assert new.told()["ready"] is False
        assert new.told()["processes"] == []

        (new.state.data / "replica-1" / "global" / "pg_control").write_bytes(b"broken")
        new.started(REPLICAS="1")  # a replica that cannot come back does not stop the platform
        assert "replica-1" in alive(new.pids())

    def test_a_second_time_keeps_the_data_and_repeats_no_work_where_ports_are_taken(self, installation, first_start):
        taken = private_json.read(installation.state.ports)["postgres"]
        busy = socket.create_server(("127.0.0.1", 8000)) if ports.is_free(8000) else socket.socket()
        with busy, socket.create_server(("127.0.0.1", taken)):
            installation.started(PORT="")

        assert kept_in(installation) == (7,)
        assert private_json.read(installation.state.ports)["postgres"] != taken
        assert installation.calls() == ["migrate", "seed_demo"]
        assert installation.state.secrets.read_text() == State(first_start / "var").secrets.read_text()
        assert "Port 8000 is taken" in installation.stopped()

    def test_refuses_a_port_that_was_asked_for_and_is_taken(self, new):
        with socket.create_server(("127.0.0.1", new.port)):
            said, _ = new.start().communicate(timeout=30)

        assert f"PORT={new.port} is taken" in said
        assert new.running.returncode != 0

    def test_gives_up_with_the_reason_when_a_process_keeps_ending(self, installation):
        said, _ = installation.start(CRASHING="worker").communicate(timeout=60)

        assert "worker ended with code 1 and does so again and again" in said
        assert "stand-in: no good" in said
        assert installation.running.returncode == 1
        assert alive(installation.pids()) == []

    @pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's servers reach what the user reaches")
    def test_puts_the_data_where_the_servers_can_reach_it_and_says_so(self, new):
        new.project.chmod(0o700)

        said = new.started(DEMO="0").stopped()

        place = new.state.data.resolve()
        assert place.parent == Path("/var/lib")
        assert str(place) in said
        assert stat.S_IMODE(new.project.stat().st_mode) == 0o700
        new.state.remove()
        assert not place.exists()


class TestTellingScripts:
    def test_that_it_is_not_ready_comes_before_all_else(self, new, monkeypatch):
        """After a kill the file still says that all is well."""
        state = new.state
        state.create()
        private_json.write(state.platform, {"ready": True})
        left = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], process_group=0)
        mark = process.started_at(left.pid) or ""
        leftovers.remember(state.children, [{"name": "web", "pid": left.pid, "started": mark, "signal": 15}])
        told_at: list[bool] = []
        screen = Screen()
        monkeypatch.setattr(screen, "note", lambda _text: told_at.append(new.told()["ready"]))

        with socket.create_server(("127.0.0.1", new.port)), pytest.raises(BadOption):
            options = options_from(new.project, {"PORT": str(new.port)})
            Platform(options, state, screen, application).run()

        assert told_at == [False]
        assert left.wait(10) == -signal.SIGTERM


class TestCrashes:
    def test_are_repaired_and_those_of_the_supervisor_by_the_next_start(self, installation):
        before = installation.started().pids()
        for name in ("postgres", "web"):
            os.kill(before[name], signal.SIGKILL)
        eventually(lambda: changed(installation, before) >= {"postgres", "web"}, "both have new pids")
        eventually(lambda: installation.told()["ready"], "still ready")

        before = installation.pids()
        installation.running.kill()
        said = installation.running.communicate(timeout=10)[0]
        assert "postgres was ended by signal SIGKILL" in said
        assert "web was ended by signal SIGKILL" in said
        after = installation.started().pids()

        assert kept_in(installation) == (7,)
        assert alive(before) == []
        assert set(alive(after)) == OWN | {"supervisor"}


class TestMockKafka:
    def test_is_marked_as_memory_only_and_after_a_crash_followed_to_its_new_addresses(self, installation):
        before = installation.started(EVENTS_TRANSPORT="kafka").pids()
        told = installation.shared("KAFKA_BOOTSTRAP_SERVERS")
        addresses = told.split(",")
        assert len(addresses) == 3
        for address in addresses:
            host, port = address.split(":")
            socket.create_connection((host, int(port)), timeout=5).close()

        os.kill(before["mock-kafka"], signal.SIGKILL)

        eventually(lambda: installation.shared("KAFKA_BOOTSTRAP_SERVERS") != told, "new addresses are told")
        eventually(lambda: changed(installation, before) >= {"web", "worker", "relay"}, "its users are new")
        assert "MEMORY ONLY" in installation.stopped()


class TestGivenServers:
    def test_are_used_instead_of_our_own(self, new, shared_postgres):
        words = RolePasswords(owner="o", app="a", relay="r")
        provision(shared_postgres.dsn, {"default": words, "business": words})
        urls = {
            f"{prefix}_{role}URL": shared_postgres.url(database, f"{database}_{name}", name[0])
            for database, prefix in DATABASES.items()
            for role, name in (("", "app"), ("OWNER_", "owner"), ("RELAY_", "relay"))
        }
        broker = {"EVENTS_TRANSPORT": "kafka", "KAFKA_BOOTSTRAP_SERVERS": "broker:9092"}

        new.started(**urls, **broker, REDIS_URL="redis://elsewhere:6379/0", DEMO="0")

        assert set(new.pids()) == OWN - {"postgres", "redis"} | {"supervisor"}
        assert new.shared("DATABASE_URL") == urls["DATABASE_URL"]
        assert new.shared("KAFKA_BOOTSTRAP_SERVERS") == "broker:9092"
        assert new.calls() == ["migrate"]
        assert "manage.py create_owner" in new.stopped()  # nobody is there yet: nothing was seeded


class TestOtherCommands:
    def test_mind_what_runs_there(self, installation, capsys):
        pids = installation.started().pids()
        first = installation.running

        said, _ = installation.start().communicate(timeout=30)
        assert "It already runs" in said
        assert installation.running.returncode == 1
        installation.running = first

        assert cli.run("clean", installation.project, {"YES": "1"}) == 1
        assert "make stop" in capsys.readouterr().out
        assert installation.state.secrets.exists()

        assert cli.run("stop", installation.project, {}) == 0
        first.communicate(timeout=30)
        assert alive(pids) == []
        assert cli.run("stop", installation.project, {}) == 0
        assert "Nothing runs" in capsys.readouterr().out

        assert cli.run("clean", installation.project, {}) == 1  # asks first
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
    def test_end_with_one_line_and_code_2(self, new, capsys, name):
        assert cli.run("up", new.project, {name: "several"}) == 2

        said = capsys.readouterr().out.strip()
        assert f"{name}=several is not available in this version" in " ".join(said.split())
