"""The supervisor over small processes that crash, refuse to stop, or leave others behind."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from apps.core.embedded import leftovers, process
from apps.core.embedded.errors import CrashLoop, StepFailed
from apps.core.embedded.process import Program
from apps.core.embedded.supervisor import Patience, Supervisor
from apps.core.embedded.tests.waiting import eventually

REPOSITORY = Path(__file__).resolve().parents[4]
IDLE = "import signal; signal.pause()"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
IN_ORDER = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print("up", flush=True)
signal.sigwait([signal.SIGTERM])
open("order", "a").write("{} ")
"""
SECOND_TIME_GO = """
import pathlib, signal
pathlib.Path("go" if pathlib.Path("once").exists() else "once").touch()
signal.pause()
"""
LEADER = """
import os, signal
if os.fork() == 0:
    print(os.getpid(), flush=True)
    signal.pause()
os._exit(3) if {ends} else signal.pause()
"""


class Stage:
    """A supervisor and what it said."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.said = folder, []
        self.patience = Patience(base_s=0.02, crashes=3, window_s=60, stop_s=2)
        self.supervisor = Supervisor(folder / "children.json", say=self.said.append, patience=self.patience)

    def program(self, name: str, code: str, **changes: object) -> Program:
        environment = {"STATE_DIR": str(self.folder)}
        log = self.folder / f"{name}.log"
        return Program(name, (sys.executable, "-c", code), cwd=self.folder, log=log, env=environment, **changes)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def until(self, condition) -> None:
        self.supervisor.wait_for(condition, 20, "the test's condition")


@pytest.fixture
def stage(tmp_path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    with stage.supervisor.listening():
        yield stage


class TestRestarting:
    def test_starts_a_process_again_that_was_killed_and_says_so(self, stage):
        stage.supervisor.start(stage.program("worker", IDLE))
        first = stage.supervisor.processes["worker"]

        process.kill_group(first)
        stage.until(lambda: stage.supervisor.processes.get("worker") not in (None, first))

        assert any("worker was ended by signal SIGKILL" in line for line in stage.said)
        assert process.started_at(stage.supervisor.processes["worker"])

    def test_ends_what_the_dead_process_left_behind_before_it_starts_again(self, stage):
        stage.supervisor.start(stage.program("web", LEADER.format(ends=True), essential=False))
        stage.until(lambda: stage.log("web").count("\n") >= 2)

        orphan = int(stage.log("web").splitlines()[0])

        stage.until(lambda: process.started_at(orphan) is None)

    def test_ends_what_left_its_group_too_where_the_folder_is_its_own(self, stage, tmp_path_factory):
        folder = tmp_path_factory.mktemp("data")
        code = LEADER.replace("print(", "os.setsid(); print(").format(ends=True)
        program = replace(stage.program("postgres", code, essential=False), cwd=folder, owns_cwd=True)
        stage.supervisor.start(program)
        stage.until(lambda: stage.log("postgres").count("\n") >= 2)

        orphan = int(stage.log("postgres").splitlines()[0])

        stage.until(lambda: process.started_at(orphan) is None)

    def test_gives_up_with_the_reason_when_an_essential_process_keeps_ending(self, stage):
        stage.supervisor.start(stage.program("web", "raise SystemExit('port is cursed')"))

        with pytest.raises(CrashLoop, match=r"web ended with code 1(.|\n)*port is cursed"):
            stage.until(lambda: False)

        assert len([line for line in stage.said if "is started again (pid" in line]) == stage.patience.crashes - 1

    def test_never_gives_up_on_a_process_it_can_do_without(self, stage):
        stage.supervisor.start(stage.program("replica", "raise SystemExit(1)", essential=False))

        stage.until(lambda: len(stage.said) > 2 * stage.patience.crashes + 2)

    def test_waits_twice_as_long_each_time_up_to_a_limit(self):
        patience = Patience(base_s=0.5, cap_s=3)

        assert [patience.delay_s(crash) for crash in (1, 2, 3, 4, 5)] == [0.5, 1, 2, 3, 3]


class TestStopping:
    def test_stops_the_highest_tier_first(self, stage):
        for tier, name in enumerate(("postgres", "kafka", "web")):
            stage.supervisor.start(stage.program(name, IN_ORDER.format(name), tier=tier))
        stage.until(lambda: all(stage.log(name) for name in ("postgres", "kafka", "web")))

        stage.supervisor.stop_all()

        assert (stage.folder / "order").read_text() == "web kafka postgres "

    def test_kills_what_does_not_stop_in_its_time_and_says_so(self, stage):
        stage.supervisor.start(stage.program("worker", DEAF, stop_timeout_s=0.1))
        stage.until(lambda: "deaf" in stage.log("worker"))
        pid = stage.supervisor.processes["worker"]

        stage.supervisor.stop_all()

        assert process.started_at(pid) is None
        assert "worker did not stop in time and was killed" in stage.said

    def test_as_a_whole_keeps_to_its_time_however_much_each_process_may_take(self, stage):
        for tier, name in enumerate(("postgres", "web")):
            stage.supervisor.start(stage.program(name, DEAF, tier=tier, stop_timeout_s=600))
        stage.until(lambda: all("deaf" in stage.log(name) for name in ("postgres", "web")))
        pids = stage.supervisor.processes.values()

        stage.supervisor.stop_all()

        assert [pid for pid in pids if process.started_at(pid)] == []

    def test_leaves_no_member_of_a_group_behind(self, stage):
        stage.supervisor.start(stage.program("web", LEADER.format(ends=False)))
        stage.until(lambda: stage.log("web"))
        member = int(stage.log("web"))

        stage.supervisor.stop_all()

        eventually(lambda: process.started_at(member) is None, "the forked member is gone")


class TestSteps:
    def test_run_to_their_end_while_the_others_are_watched(self, stage):
        stage.supervisor.start(stage.program("postgres", SECOND_TIME_GO))
        stage.until((stage.folder / "once").exists)
        process.kill_group(stage.supervisor.processes["postgres"])
        step = "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.01)"

        stage.supervisor.run_once(stage.program("migrate", step), 20)

        assert (stage.folder / "go").exists()

    def test_fail_with_the_last_lines_of_their_log(self, stage):
        with pytest.raises(StepFailed, match=r"migrate failed(.|\n)*no such column"):
            stage.supervisor.run_once(stage.program("migrate", "raise SystemExit('no such column')"), 20)

    def test_do_not_outlive_their_time(self, stage):
        step = stage.program("migrate", "import os\nprint(os.getpid(), flush=True)\n" + IDLE)

        with pytest.raises(StepFailed, match="was not ready in 1 s"):
            stage.supervisor.run_once(step, 1)

        assert process.started_at(int(stage.log("migrate"))) is None


SUPERVISED = """
import sys
from dataclasses import replace
from pathlib import Path
from apps.core.embedded.process import Program
from apps.core.embedded.supervisor import StopRequested, Supervisor

folder = Path(sys.argv[1])
supervisor = Supervisor(folder / "children.json", say=print)
with supervisor.listening():
    for name, code in {"web": sys.argv[2], "worker": sys.argv[3]}.items():
        argv = (sys.executable, "-c", code)
        supervisor.start(Program(name, argv, cwd=folder, log=folder / f"{name}.log", env={"STATE_DIR": str(folder)}))
    print("up", flush=True)
    try:
        supervisor.supervise()
    except StopRequested:
        pass
print("down", flush=True)
"""


@pytest.fixture
def supervised(tmp_path) -> Iterator[subprocess.Popen[str]]:
    """A supervisor in a process of its own, with a child that stops when asked and one that only force ends."""
    running = subprocess.Popen(
        [sys.executable, "-c", SUPERVISED, str(tmp_path), IDLE, DEAF],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stdout.readline() == "up\n"
    eventually(lambda: "deaf" in (tmp_path / "worker.log").read_text(), "the children run")
    yield running
    running.kill()
    running.communicate(timeout=10)
    leftovers.end(tmp_path / "children.json", tmp_path)


def recorded(folder: Path) -> dict[str, int]:
    return {record["name"]: record["pid"] for record in json.loads((folder / "children.json").read_text())}


class TestEndOfTheSupervisor:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_by_a_signal_stops_every_child(self, supervised, tmp_path, number):
        children = recorded(tmp_path)

        supervised.send_signal(number)
        said, _ = supervised.communicate(timeout=20)

        assert said.endswith("down\n")
        assert supervised.returncode == 0
        assert set(children) == {"web", "worker"}
        assert [name for name, pid in children.items() if process.started_at(pid)] == []

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's death signal is Linux's")
    def test_by_force_takes_along_every_child_that_heeds_its_signal(self, supervised, tmp_path):
        children = recorded(tmp_path)

        supervised.kill()
        supervised.wait(10)

        eventually(lambda: process.started_at(children["web"]) is None, "web is gone")

    def test_by_force_leaves_nothing_that_the_next_start_does_not_end(self, supervised, tmp_path):
        children = recorded(tmp_path)
        supervised.kill()
        supervised.wait(10)

        ended = leftovers.end(tmp_path / "children.json", tmp_path)

        assert "worker" in ended
        assert [name for name, pid in children.items() if process.started_at(pid)] == []


class TestLeftovers:
    def test_spares_a_process_that_only_has_the_same_pid(self, tmp_path):
        innocent = subprocess.Popen([sys.executable, "-c", IDLE], process_group=0)
        note = tmp_path / "children.json"
        leftovers.remember(
            note, [{"name": "web", "pid": innocent.pid, "started": "another boot:1", "signal": int(signal.SIGTERM)}]
        )

        ended = leftovers.end(note, tmp_path)

        assert ended == []
        assert innocent.poll() is None
        innocent.kill()
        innocent.wait(10)

    def test_ends_orphans_of_a_group_whose_leader_is_gone(self, tmp_path):
        program = Program(
            "web",
            (sys.executable, "-c", LEADER.format(ends=True)),
            cwd=tmp_path,
            log=tmp_path / "web.log",
            env={"STATE_DIR": str(tmp_path)},
        )
        leader = process.spawn(program)
        note = tmp_path / "children.json"
        started = process.started_at(leader.pid) or "gone"
        leftovers.remember(note, [{"name": "web", "pid": leader.pid, "started": started, "signal": 15}])
        leader.wait(10)
        eventually(lambda: program.log.read_text() != "", "the orphan runs")
        orphan = int(program.log.read_text())

        leftovers.end(note, tmp_path)

        eventually(lambda: process.started_at(orphan) is None, "the orphan is gone")


class TestLogs:
    def test_are_put_aside_when_they_have_grown_large(self, tmp_path):
        log = tmp_path / "web.log"
        log.write_bytes(b"x" * (process.LOG_LIMIT_BYTES + 1))
        program = Program("web", (sys.executable, "-c", "print('new')"), cwd=tmp_path, log=log)

        process.spawn(program).wait(20)

        assert log.read_text() == "new\n"
        assert (tmp_path / "web.log.1").stat().st_size == process.LOG_LIMIT_BYTES + 1
