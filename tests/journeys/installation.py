"""A whole platform of a test's own: started by `manage.py up` as people do, in a state folder thrown away."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from apps.core.embedded import ports, process
from apps.core.embedded.process import Program
from apps.core.embedded.server import temporary_folder
from apps.core.embedded.state import State
from tests.journeys.waiting import until

ROOT = Path(__file__).resolve().parents[2]
READY_S = 240.0
STOPPED_S = 20.0
_LAST_BREATH_S = 1.0  # between a process's exit and its being gone
# Nothing of what the test session tells its own processes: no URL of its servers, none of its secrets.
# Nor are they told to measure coverage, which would make a platform half as fast: what they run has its own tests.
_INHERITED = ("PATH", "HOME", "TMPDIR", "LANG")


class Installation:
    """One state folder and the platform that may run on it. `options` are variables of every start (REPLICAS=1 …).

    `program` may be another checkout's code, with the Python that runs it.
    """

    def __init__(self, folder: Path, *, program: tuple[str, Path] = (sys.executable, ROOT), **options: str) -> None:
        self.program = program
        self.state = State(folder)
        self.options = {"PORT": str(ports.any_free()), **options}
        self.screen = folder.with_name(f"{folder.name}.screen")
        self._program: Program | None = None
        self._running: subprocess.Popen[bytes] | None = None

    def start(self, **options: str) -> Installation:
        """Start it and wait until it is ready. Does nothing when it runs."""
        if not self.is_running:
            self.launch(**options)
            until(lambda: self.is_ready or not self.is_running, "the platform is ready", READY_S, self.reasons)
            assert self.is_ready, self.reasons()
        return self

    def launch(self, **options: str) -> None:
        """Start it without waiting. It ends when this process does, however it ends."""
        inherited = {name: value for name, value in os.environ.items() if name.startswith(_INHERITED)}
        given = {**inherited, **self.options, **options, "STATE_DIR": str(self.state.root)}
        self.screen.unlink(missing_ok=True)
        python, checkout = self.program
        up = (python, "manage.py", "up")
        self._program = Program(name="platform", argv=up, cwd=checkout, log=self.screen, env=given)
        self._running = process.spawn(self._program)

    def stop(self) -> str:
        """Ask it to stop, as Ctrl-C or `make stop` does, wait for that, and return what it had on the screen."""
        if self._running is not None and self._running.poll() is None:
            self._running.send_signal(signal.SIGTERM)
            self._running.wait(STOPPED_S)
        return self.said

    def kill(self) -> None:
        """End the supervisor, and nothing else, as a crash would."""
        assert self._running is not None
        self._running.kill()
        self._running.wait(STOPPED_S)

    def dispose(self) -> list[str]:
        """Stop it, by force where need be. Returns what was left of it, as `name (pid)`: nothing, if all is well."""
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            process.kill_group(self._running.pid if self._running else 0)
        _, left = psutil.wait_procs(self.processes(), timeout=_LAST_BREATH_S)
        names = [_name(leftover) for leftover in left]
        for leftover in left:
            leftover.kill()
        psutil.wait_procs(left, timeout=10)
        return names

    @property
    def is_running(self) -> bool:
        return self._running is not None and self._running.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._running.poll() if self._running else None

    @property
    def is_ready(self) -> bool:
        """Whether it says so itself; a file that an earlier run left does not count."""
        running = self._running.pid if self._running else None
        return bool(self.told()["ready"]) and self.pids().get("supervisor") == running

    def told(self) -> dict[str, Any]:
        """What `run/platform.json` tells scripts."""
        try:
            return dict(json.loads(self.state.platform.read_text()))
        except FileNotFoundError:
            return {"ready": False, "processes": [], "tenants": []}

    def pids(self) -> dict[str, int]:
        return {entry["name"]: entry["pid"] for entry in self.told()["processes"]}

    @property
    def base_url(self) -> str:
        return str(self.told()["base_url"])

    def tenant(self, slug: str) -> dict[str, Any]:
        return next(tenant for tenant in self.told()["tenants"] if tenant["slug"] == slug)

    def account(self, slug: str, role: str) -> dict[str, str]:
        """`{email, password, role}` of a demonstration account."""
        return next(account for account in self.tenant(slug)["accounts"] if account["role"] == role)

    def staff(self) -> dict[str, str]:
        """`{email, password}` of the demonstration's platform staff."""
        return dict(json.loads(self.state.demo.read_text())["platform_staff"])

    def shared(self, variable: str) -> str:
        """A variable that all processes of the platform were started with."""
        return str(json.loads(self.state.environment.read_text())["shared"].get(variable, ""))

    @property
    def said(self) -> str:
        return self.screen.read_text() if self.screen.exists() else ""

    def log(self, name: str) -> list[dict[str, Any]]:
        """The lines of a process's log that are JSON, oldest first."""
        return [json.loads(line) for line in self.log_lines(name) if line.startswith("{")]

    def log_lines(self, name: str) -> list[str]:
        return (self.state.log / f"{name}.log").read_text(errors="replace").splitlines()

    def processes(self) -> list[psutil.Process]:
        """Every process of this installation that lives, whoever started it: known by its place or its state folder."""
        root = str(self.state.root)
        return [found for found in psutil.process_iter() if _belongs(found, root)]

    def reasons(self) -> str:
        """What a person would look at when it does not come up: the screen and the end of each log."""
        logs = sorted(self.state.log.glob("*.log")) if self.state.log.exists() else []
        return "\n".join([self.said, *(f"== {log.name}\n{process.last_lines(log, 8)}" for log in logs)])


def _name(leftover: psutil.Process) -> str:
    try:
        return f"{leftover.name()} ({leftover.pid})"
    except psutil.NoSuchProcess:
        return f"process {leftover.pid}"


def _belongs(found: psutil.Process, root: str) -> bool:
    try:
        if found.status() == psutil.STATUS_ZOMBIE:
            return False
        return found.cwd().startswith(root) or found.environ().get("STATE_DIR") == root
    except psutil.Error:  # gone meanwhile, or another user's
        return False


@contextmanager
def installed(first_start: Path | None = None, **options: str) -> Iterator[Installation]:
    """An installation for the block: a copy of one that was `kept`, or one that has never been started. At its end the
    platform is stopped, and nothing of it may be left running.
    """
    with temporary_folder() as folder:
        # As a checkout is: its owner's, with a way through for the servers' user.
        os.chown(folder, os.geteuid(), os.getegid())
        folder.chmod(0o711)
        if first_start is not None:
            _copy(first_start, folder / "state")
        installation = Installation(folder / "state", **options)
        try:
            yield installation
        finally:
            left = installation.dispose()
        assert left == [], f"left running: {left}\n{installation.said}"


def first_start_in(folder: Path) -> Path:
    """The state folder that a first start leaves, below `folder`: made by the first who asks, others wait for it."""
    place = folder / "first-start"
    with (folder / "first-start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            _keep_first_start(place)
    return place


def _keep_first_start(place: Path) -> None:
    """Start the platform on nothing, stop it, and keep what that leaves: all but logs and notes about what ran."""
    with installed() as installation:
        installation.start().stop()
        unfinished = place.with_name(f"{place.name}-unfinished")
        _copy(installation.state.root, unfinished)
    for folder in ("run", "log"):
        shutil.rmtree(unfinished / folder)
    unfinished.rename(place)


def _copy(folder: Path, to: Path) -> None:
    """With owners, permissions and links: the databases in it belong to the servers' user."""
    subprocess.run(["cp", "-a", str(folder), str(to)], check=True)


if __name__ == "__main__":
    first_start_in(Path(sys.argv[1]))
