"""The commands that work before any setting exists: `up`, `stop`, `logs`, `clean`, `backup`, `restore`,
`upgrade_postgres`.
"""

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from apps.core.embedded import leftovers
from apps.core.embedded.errors import AlreadyRunning, BadOption, EmbeddedError
from apps.core.embedded.options import options_from, state_folder
from apps.core.embedded.state import State

if TYPE_CHECKING:
    from apps.core.embedded.screen import Screen

COMMANDS = ("up", "stop", "logs", "clean", "backup", "restore", "upgrade_postgres")
_STOP_TIMEOUT_S = 15.0
_BAD_USAGE = 2


def run(command: str, project: Path, environ: Mapping[str, str], arguments: Sequence[str] = ()) -> int:
    """Carry out one of COMMANDS; the exit code. Errors are printed as one sentence."""
    from apps.core.embedded.screen import Screen

    screen = Screen()
    try:
        if command in _WITH_ARGUMENTS:
            return _WITH_ARGUMENTS[command](screen, project, environ, arguments)
        return {"up": _up, "stop": _stop, "logs": _logs, "clean": _clean}[command](screen, project, environ)
    except BadOption as error:
        screen.fail(str(error))
        return _BAD_USAGE
    except EmbeddedError as error:
        screen.fail(str(error))
        return 1


def _up(screen: "Screen", project: Path, environ: Mapping[str, str]) -> int:
    from apps.core.embedded.platform import Platform

    options = options_from(project, environ)
    return Platform(options, State(options.state), screen).run()


def _stop(screen: "Screen", project: Path, environ: Mapping[str, str]) -> int:
    import signal

    state = State(state_folder(project, environ))
    pid = state.holder()
    if pid is None:
        ended = leftovers.end(state.children, state.root) if state.children.exists() else []
        screen.plain(f"Nothing runs on {state.root}." + (f" Ended what was left: {', '.join(ended)}." if ended else ""))
        return 0
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_TIMEOUT_S
    while state.holder() is not None:
        if time.monotonic() > deadline:
            raise EmbeddedError(f"It did not stop in {_STOP_TIMEOUT_S:g} s. Look at {state.log}; pid {pid}.")
        time.sleep(0.05)
    screen.plain("Stopped. The data stays.")
    return 0


def _logs(screen: "Screen", project: Path, environ: Mapping[str, str]) -> int:
    state = State(state_folder(project, environ))
    wanted = environ.get("LOG")
    files = [state.log / f"{wanted}.log"] if wanted else sorted(state.log.glob("*.log"))
    if not files or not all(file.exists() for file in files):
        raise EmbeddedError(f"There is no such log in {state.log}. LOG=web shows one; `make run` writes them.")
    os.execvp("tail", ["tail", "-n", "40", "-F", *map(str, files)])  # noqa: S606 - becomes tail, no shell


def _clean(screen: "Screen", project: Path, environ: Mapping[str, str]) -> int:
    state = State(state_folder(project, environ))
    if (pid := state.holder()) is not None:
        raise AlreadyRunning(f"It runs (pid {pid}): `make stop` first.")
    if not state.root.exists():
        screen.plain(f"{state.root} does not exist: nothing to remove.")
        return 0
    if environ.get("YES") != "1" and not _confirmed(state.root):
        screen.plain("Nothing was removed. YES=1 removes without asking.")
        return 1
    leftovers.end(state.children, state.root)
    state.remove()
    screen.plain(f"Removed the data, secrets and logs in {state.root}.")
    return 0


def _backup(screen: "Screen", project: Path, environ: Mapping[str, str], arguments: Sequence[str]) -> int:
    from datetime import UTC, datetime

    from apps.core.embedded import backup
    from apps.core.embedded.postgres import PostgresServer

    parser = argparse.ArgumentParser("manage.py backup", description="Copy the running installation into one file.")
    parser.add_argument("folder", nargs="?", type=Path, help="where to put the file; default: backups in STATE_DIR")
    parser.add_argument("--without-secrets", action="store_true", help="leave the installation's secrets out")
    asked = parser.parse_args(arguments)
    state = State(state_folder(project, environ))
    if state.holder() is None:
        raise EmbeddedError(f"Nothing runs on {state.root}: a backup is made while the platform runs (`make run`).")
    primary = PostgresServer.running_in(state.data.resolve() / "postgres")
    folder = asked.folder or state.root / "backups"
    file = backup.make(state, primary, folder, with_secrets=not asked.without_secrets, now=datetime.now(UTC))
    screen.plain(f"{file}: {backup.size_of(file)}, verified. Restore it with: manage.py restore {file}")
    return 0


def _restore(screen: "Screen", project: Path, environ: Mapping[str, str], arguments: Sequence[str]) -> int:
    from apps.core.embedded import backup
    from apps.core.embedded.account import server_account

    parser = argparse.ArgumentParser("manage.py restore", description="Make an installation of a backup.")
    parser.add_argument("file", type=Path, help="what `manage.py backup` wrote")
    asked = parser.parse_args(arguments)
    state = State(state_folder(project, environ))
    manifest = backup.restore(asked.file, state, server_account())
    screen.plain(f"{state.root} is as it was at {manifest['made_at']}. `make run` starts it.")
    if not manifest["with_secrets"]:
        screen.plain(f"The backup is without secrets: put the installation's secrets.json into {state.root} first.")
    return 0


def _upgrade_postgres(screen: "Screen", project: Path, environ: Mapping[str, str], arguments: Sequence[str]) -> int:
    from apps.core.embedded import upgrading
    from apps.core.embedded.account import server_account

    parser = argparse.ArgumentParser("manage.py upgrade_postgres", description="Carry the data to a newer PostgreSQL.")
    parser.add_argument("--to", type=int, metavar="MAJOR", help="which version; default: the newest on this machine")
    asked = parser.parse_args(arguments)
    done = upgrading.upgrade(State(state_folder(project, environ)), server_account(), to=asked.to)
    screen.plain(f"The databases are of PostgreSQL {done.after} now. `make run` starts them.")
    screen.plain(f"What they were in {done.before} stays in {done.kept}: remove it once all is well.")
    return 0


_WITH_ARGUMENTS = {"backup": _backup, "restore": _restore, "upgrade_postgres": _upgrade_postgres}


def _confirmed(root: Path) -> bool:
    if not sys.stdin.isatty():
        return False
    return input(f"Remove all data, secrets and logs in {root}? Type yes: ").strip() == "yes"
