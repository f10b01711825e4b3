"""Finds and ends what a supervisor left behind that was killed before it could stop its children."""

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

from apps.core.embedded import private_json, process

_PATIENCE_S = 4.0  # they were told to stop when their supervisor died, so most are about to end


class Record(TypedDict):
    """A running child. `started` tells it from a later process with the same pid."""

    name: str
    pid: int
    started: str
    signal: int


def remember(file: Path, children: Iterable[Record]) -> None:
    """Note which children run."""
    private_json.write(file, list(children))


def end(file: Path, state_root: Path) -> list[str]:
    """End every noted child that is still there, with its group; the names of those that were. Waits a few seconds."""
    records: list[Record] = private_json.read(file) or []
    alive = [record for record in records if _is_same(record)]
    for record in alive:
        _signal(record)
    _wait_until_gone(alive)
    for record in records:
        if _is_same(record):
            process.kill_group(record["pid"])
        else:
            _end_orphans(record["pid"], state_root)
    _wait_until_gone(alive)
    file.unlink(missing_ok=True)
    return [record["name"] for record in alive]


def _is_same(record: Record) -> bool:
    return process.started_at(record["pid"]) == record["started"]


def _signal(record: Record) -> None:
    try:
        os.kill(record["pid"], signal.Signals(record["signal"]))
    except ProcessLookupError:
        return


def _wait_until_gone(records: list[Record]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while any(map(_is_same, records)) and time.monotonic() < deadline:
        time.sleep(0.05)


def _end_orphans(group: int, state_root: Path) -> None:
    """End members of a group whose leader is gone, if they are ours: its number may be somebody else's now."""
    import psutil  # needed after a crash only

    for pid in psutil.pids():
        try:
            if os.getpgid(pid) == group and psutil.Process(pid).environ().get("STATE_DIR") == str(state_root):
                os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError, psutil.Error):
            continue
