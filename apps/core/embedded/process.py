"""One child process: how it is started, recognised later, and ended. It never outlives the process that started it."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

from apps.core.embedded.account import Account

LOG_LIMIT_BYTES = 5_000_000
_PR_SET_PDEATHSIG = 1
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PRCTL: Callable[..., int] | None = ctypes.CDLL(None).prctl if sys.platform.startswith("linux") else None


@dataclass(frozen=True)
class Program:
    """What to run. `env` is the whole environment of the child; `log` receives its output and its errors."""

    name: str
    argv: tuple[str, ...]
    cwd: Path
    log: Path
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 6.0
    essential: bool = True  # without it the platform is of no use
    tier: int = 0  # started from 0 upwards, stopped from the highest down
    owns_cwd: bool = False  # whoever works in its folder is of it, also in sessions of their own


def spawn(program: Program) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, so that Ctrl-C at the terminal reaches only us.

    It receives its stop signal when we die, however we die (Linux). Call from the main thread: the kernel
    sends that signal when the thread that started the child ends.
    """
    drops = program.account is not None and program.account.drops
    with _opened_log(program) as log:
        return subprocess.Popen(
            program.argv,
            cwd=program.cwd,
            env=dict(program.env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
            user=program.account.uid if drops and program.account else None,
            group=program.account.gid if drops and program.account else None,
            extra_groups=[] if drops else None,
            # Runs after the change of user, which would clear the death signal.
            preexec_fn=partial(_die_with, os.getpid(), program.stop_signal),
        )


def stop(process: subprocess.Popen[bytes], program: Program, timeout_s: float | None = None) -> bool:
    """End a child: its stop signal first, then the whole group by force. True when it ended by itself in time."""
    if process.returncode is not None:
        return True  # seen to end before: by now its number may be somebody else's
    ask_to_stop(process, program)
    return wait_or_kill(process, program.stop_timeout_s if timeout_s is None else timeout_s)


def wait_or_kill(process: subprocess.Popen[bytes], timeout_s: float) -> bool:
    """Give a child that was asked to stop its time, then end its group by force. True when force was not needed."""
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        kill_group(process.pid)
        process.wait(10)
        return False
    kill_group(process.pid)  # whatever the child left behind
    return True


def ask_to_stop(process: subprocess.Popen[bytes], program: Program) -> None:
    """Send the stop signal to the child alone: masters tell their own workers in their own way."""
    if process.poll() is None:
        process.send_signal(program.stop_signal)


def kill_group(group: int) -> None:
    """End every process of a group at once; no error when there is none."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def kill_left_behind(process: subprocess.Popen[bytes], program: Program) -> None:
    """End at once what a child that has ended left behind, which may still hold its port or its memory."""
    kill_group(process.pid)
    if program.owns_cwd:
        _kill_in(program.cwd)


def _kill_in(folder: Path) -> None:
    import psutil  # needed after a crash only

    for one in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError, PermissionError):
            if one.cwd() == str(folder.resolve()):
                os.kill(one.pid, signal.SIGKILL)


def started_at(pid: int) -> str | None:
    """When a process was started, as a mark; None when there is none. A pid is used again, a pid with its mark not."""
    if not _BOOT_ID.exists():
        return _started_at_elsewhere(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    if fields[0] == "Z":
        return None
    return f"{_BOOT_ID.read_text().strip()}:{fields[19]}"


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log, for an error message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return "(no log was written)"
    return "\n".join(lines[-count:])


def _opened_log(program: Program) -> IO[bytes]:
    program.log.parent.mkdir(parents=True, exist_ok=True)
    if program.log.exists() and program.log.stat().st_size > LOG_LIMIT_BYTES:
        program.log.replace(program.log.with_suffix(program.log.suffix + ".1"))
    return program.log.open("ab")


def _die_with(parent: int, stop_signal: signal.Signals) -> None:
    if _PRCTL is None:
        return
    _PRCTL(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)


def _started_at_elsewhere(pid: int) -> str | None:
    import psutil  # only where there is no /proc

    try:
        return str(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


def remove_tree(folder: Path) -> None:
    """Delete a folder and all in it; no error when it is not there."""
    shutil.rmtree(folder, ignore_errors=True)
