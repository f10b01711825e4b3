"""What PostgreSQL and Redis have in common when they are run from here: folder, port, account, start, stop."""

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from apps.core.embedded import ports, process
from apps.core.embedded.account import Account, server_account
from apps.core.embedded.errors import EmbeddedError, FolderUnreachable, ServerFailed
from apps.core.embedded.process import Program

MINIMAL_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C",
    "TZ": "UTC",
}
_POLL_S = 0.02
_TEMPORARY, _OWNER = "embedded-", "owner"


class Server:
    """A database server on 127.0.0.1 with its data in `data_dir`.

    `port=0` picks a free one. `name` is used for the log and on screens. As root the server runs as the user
    `postgres`, which must be able to reach `data_dir` (see `temporary_folder`). Context manager: started, stopped.
    Start it from the main thread of the process that should own it: the server ends with that thread.
    """

    kind: ClassVar[str]
    START_ATTEMPTS: ClassVar[int] = 5

    def __init__(
        self, data_dir: Path, *, port: int = 0, name: str = "", log: Path | None = None, account: Account | None = None
    ) -> None:
        self.data_dir = Path(data_dir).absolute()
        self.name = name or self.kind
        self.log = log or self.data_dir.with_name(f"{self.data_dir.name}.log")
        self.account = account or server_account()
        self.port = port or ports.any_free()
        self._port_is_ours_to_choose = port == 0
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> bool:
        """Create the data folder when there is none and write the configuration. True when it was created now."""
        raise TypeError(f"{type(self).__name__} must say how it is prepared")

    def program(self) -> Program:
        """How to run the prepared server as a child process."""
        raise TypeError(f"{type(self).__name__} must say how it is run")

    def is_ready(self, pid: int) -> bool:
        """Whether the server that runs as this process accepts connections."""
        raise TypeError(f"{type(self).__name__} must say how it is asked")

    @property
    def pid(self) -> int | None:
        """The process id of the running server."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self, timeout_s: float = 30.0) -> Self:
        """Prepare, start and wait until connections are accepted. Raises ServerFailed with the log's last lines.

        Tried a few times: after a kill the first start can meet what the dead server left behind, and a port
        chosen a moment ago may have been taken.
        """
        for attempt in range(self.START_ATTEMPTS):
            self.prepare()
            self._process = process.spawn(self.program())
            try:
                self.wait_ready(timeout_s)
            except ServerFailed:
                self.stop()
                if attempt == self.START_ATTEMPTS - 1:
                    raise
                if self._port_is_ours_to_choose:
                    self.port = ports.any_free()
                time.sleep(0.2 * (attempt + 1))
            else:
                break
        return self

    def wait_ready(self, timeout_s: float = 30.0) -> None:
        """Wait until the started server accepts connections. Raises ServerFailed."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise ServerFailed(f"{self.name} ended while starting. {self.log}:\n{process.last_lines(self.log)}")
            if self.is_ready(self._process.pid):
                return
            time.sleep(_POLL_S)
        raise ServerFailed(f"{self.name} was not ready in {timeout_s:g} s. {self.log}:\n{process.last_lines(self.log)}")

    def stop(self, timeout_s: float = 10.0) -> None:
        """End the server gracefully, by force after `timeout_s`. Safe to repeat; the data stays."""
        if self._process is not None:
            process.stop(self._process, self.program(), timeout_s)
            self._process = None

    def kill(self) -> None:
        """End the server as a crash would."""
        if self._process is not None:
            process.kill_group(self._process.pid)
            self._process.wait(10)
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _made_folder(self, folder: Path) -> Path:
        """Create a folder that only the server's user can read. Raises FolderUnreachable."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        if not self.account.can_reach(folder.parent):
            raise FolderUnreachable(
                f"The user '{self.account.name}', which {self.kind} runs as, cannot enter {folder.parent}. "
                "Choose a folder that it can reach with STATE_DIR."
            )
        folder.mkdir(mode=0o700, exist_ok=True)
        self.account.own(folder)
        return folder

    def _write(self, file: Path, text: str) -> None:
        """Replace a file that only the server's user can read, in one step."""
        draft = file.with_name(f"{file.name}.new")
        draft.touch(mode=0o600)
        draft.chmod(0o600)
        draft.write_text(text)
        self.account.own(draft)
        draft.replace(file)

    def _secret(self, name: str) -> str:
        """A password that lies beside the data it opens, created at the first call."""
        file = self.data_dir / f"{name}.password"
        if not file.exists():
            self._write(file, secrets.token_urlsafe(24))
        return file.read_text()


@contextmanager
def temporary_folder(account: Account | None = None) -> Iterator[Path]:
    """A folder that the server's user can reach, gone afterwards. A test's own `tmp_path` is closed to that user."""
    account = account or server_account()
    parent = _reachable_parent(account)
    _sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=parent))
    (folder / _OWNER).write_text(f"{os.getpid()} {process.started_at(os.getpid())}")
    account.own(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Remove the folders of sessions that were killed before they could."""
    for note in parent.glob(f"{_TEMPORARY}*/{_OWNER}"):
        with suppress(OSError):  # another session sweeps too, or the folder is another user's
            pid, _, mark = note.read_text().partition(" ")
            if pid.isdigit() and process.started_at(int(pid)) != mark:
                shutil.rmtree(note.parent, ignore_errors=True)


def _reachable_parent(account: Account) -> Path:
    for parent in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):  # noqa: S108
        if parent.is_dir() and os.access(parent, os.W_OK) and account.can_reach(parent):
            return parent
    raise EmbeddedError(f"No temporary folder can be reached by the user '{account.name}': set TMPDIR.")
