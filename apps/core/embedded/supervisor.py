"""Keeps a set of processes running, and ends all of them when one of us ends."""

import os
import select
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from apps.core.embedded import leftovers, process
from apps.core.embedded.errors import CrashLoop, EmbeddedError, StepFailed
from apps.core.embedded.process import Program

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_TICK_S = 0.1


class StopRequested(Exception):
    """Somebody pressed Ctrl-C or sent a stop signal. Not an error: nothing went wrong."""


@dataclass(frozen=True)
class Patience:
    """How often a process may crash, and how long to wait before it is started again."""

    base_s: float = 0.25
    cap_s: float = 15.0
    crashes: int = 5
    window_s: float = 30.0
    stop_s: float = 9.5

    def delay_s(self, crash: int) -> float:
        """Seconds before the next start; `crash` counts from 1 within the window."""
        return float(min(self.cap_s, self.base_s * 2 ** (crash - 1)))


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    crashes: deque[float] = field(default_factory=deque)
    due_at: float | None = None  # when to start it again; None while it runs


class Supervisor:
    """Runs programs, restarts those that end, stops them in reverse order of their tiers. One thread: the main one.

    `notes` is the file that names the running children; `say` tells a person what happened, `changed` is called
    when the set of processes is another one, `pulse` some times a second while anything is waited for.
    """

    def __init__(
        self,
        notes: Path,
        *,
        say: Callable[[str], None],
        changed: Callable[[], None] = lambda: None,
        pulse: Callable[[], None] = lambda: None,
        patience: Patience = Patience(),
    ) -> None:
        self._notes, self._say, self._changed, self._pulse, self._patience = notes, say, changed, pulse, patience
        self._children: dict[str, _Child] = {}
        self._stop_asked = False
        self._wakeup: int | None = None

    @property
    def processes(self) -> Mapping[str, int]:
        """Process id by name, of what runs now."""
        return {name: child.process.pid for name, child in self._children.items() if child.due_at is None}

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Inside the block, stop signals become StopRequested and all children are stopped at its end."""
        reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else _pipe()
        before = {number: signal.signal(number, self._on_signal) for number in (*_STOPPING, signal.SIGCHLD)}
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        self._wakeup = reader
        try:
            yield
        finally:
            self.stop_all()
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(reader)
            os.close(writer)
            self._wakeup = None

    def start(self, program: Program) -> None:
        """Start a process and keep it running from now on."""
        self._children[program.name] = _Child(program, process.spawn(program))
        self._note()

    def replace(self, program: Program) -> None:
        """Stop the process of that name and start it as it is described now."""
        self.stop(program.name)
        self.start(program)

    def stop(self, name: str) -> None:
        """Stop one process and forget it; no error when there is none of that name."""
        child = self._children.pop(name, None)
        if child is not None and child.due_at is None:
            process.stop(child.process, child.program)
        self._note()

    def run_once(self, program: Program, timeout_s: float) -> None:
        """Run a program to its end while the others are watched. Raises StepFailed with the end of its log."""
        step = process.spawn(program)
        try:
            self.wait_for(lambda: step.poll() is not None, timeout_s, program.name)
        except BaseException:
            process.stop(step, program, timeout_s=2.0)
            raise
        if step.returncode != 0:
            raise StepFailed(f"{program.name} failed. {program.log}:\n{process.last_lines(program.log)}")

    def run_interactively(self, program: Program) -> bool:
        """Run a program that talks to the person at the terminal, while the rest is watched. True when it went well."""
        talk = subprocess.Popen(program.argv, cwd=program.cwd, env=dict(program.env))
        try:
            while talk.poll() is None:
                self.tick()
        except BaseException:
            process.stop(talk, program, timeout_s=2.0)
            raise
        return talk.returncode == 0

    def wait_for(self, condition: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Watch the processes until the condition holds. Raises StepFailed, CrashLoop or StopRequested."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                raise StepFailed(f"{what} was not ready in {timeout_s:g} s.{self._log_of(what)}")
            self.tick()

    def supervise(self) -> None:
        """Watch the processes until somebody asks to stop. Raises StopRequested then, CrashLoop in trouble."""
        while True:
            self.tick(1.0)

    def tick(self, timeout_s: float = _TICK_S) -> None:
        """Wait for something to happen, at most `timeout_s`, and react to it."""
        self._sleep(timeout_s)
        if self._stop_asked:
            raise StopRequested
        for child in list(self._children.values()):
            if child.due_at is None and child.process.poll() is not None:
                self._crashed(child)
            elif child.due_at is not None and time.monotonic() >= child.due_at:
                self._restart(child)
        self._pulse()

    def stop_all(self) -> None:
        """Stop every process: highest tier first, gracefully, by force when the time is up. Safe to repeat."""
        deadline = time.monotonic() + self._patience.stop_s
        for tier in sorted({child.program.tier for child in self._children.values()}, reverse=True):
            self._stop_tier([child for child in self._children.values() if child.program.tier == tier], deadline)
        if self._children:
            self._children.clear()
            self._note()

    def _stop_tier(self, children: list[_Child], deadline: float) -> None:
        children = [child for child in children if child.due_at is None]
        for child in children:
            process.ask_to_stop(child.process, child.program)
        started = time.monotonic()
        for child in children:
            left_s = min(started + child.program.stop_timeout_s, deadline) - time.monotonic()
            if not process.wait_or_kill(child.process, max(0.0, left_s)):
                self._say(f"{child.program.name} did not stop in time and was killed")

    def _crashed(self, child: _Child) -> None:
        now, program = time.monotonic(), child.program
        process.kill_left_behind(child.process, program)
        child.crashes.append(now)
        while child.crashes[0] < now - self._patience.window_s:
            child.crashes.popleft()
        ended = _ending(child.process.returncode)
        if program.essential and len(child.crashes) >= self._patience.crashes:
            raise CrashLoop(
                f"{program.name} {ended} and does so again and again ({len(child.crashes)} times in "
                f"{self._patience.window_s:g} s). {program.log}:\n{process.last_lines(program.log)}"
            )
        delay_s = self._patience.delay_s(len(child.crashes))
        child.due_at = now + delay_s
        self._say(f"{program.name} {ended}; it is started again in {delay_s:g} s. Log: {program.log}")
        self._note()

    def _restart(self, child: _Child) -> None:
        child.process, child.due_at = process.spawn(child.program), None
        self._say(f"{child.program.name} is started again (pid {child.process.pid})")
        self._note()

    def _note(self) -> None:
        running = [child for child in self._children.values() if child.due_at is None]
        leftovers.remember(self._notes, map(_record, running))
        self._changed()

    def _sleep(self, timeout_s: float) -> None:
        if self._stop_asked:
            return
        dues = [child.due_at - time.monotonic() for child in self._children.values() if child.due_at is not None]
        wait_s = max(0.0, min([timeout_s, *dues]))
        if self._wakeup is None:
            raise EmbeddedError("A supervisor works inside its `listening()` block.")
        if select.select([self._wakeup], [], [], wait_s)[0]:
            os.read(self._wakeup, 512)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number in _STOPPING:
            self._stop_asked = True

    def _log_of(self, name: str) -> str:
        child = self._children.get(name)
        return f" {child.program.log}:\n{process.last_lines(child.program.log)}" if child else ""


def _record(child: _Child) -> leftovers.Record:
    return {
        "name": child.program.name,
        "pid": child.process.pid,
        "started": process.started_at(child.process.pid) or "",
        "signal": int(child.program.stop_signal),
    }


def _ending(code: int) -> str:
    return f"was ended by signal {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def _pipe() -> tuple[int, int]:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    return reader, writer
