"""The folder that holds everything an installation keeps: data, secrets, logs, and notes about what runs."""

import fcntl
import hashlib
import os
import shutil
import time
from pathlib import Path

from apps.core.embedded import process
from apps.core.embedded.account import Account
from apps.core.embedded.errors import AlreadyRunning, FolderUnreachable

_LOCK_PATIENCE_S = 1.0  # somebody may only be looking whether the lock is held
NOTES = ("secrets.json", "demo.json", "migrated.json", "first-data.json")
FILES = ("exports", "imports", "archive", "files")  # what features keep beside the databases
# Whose keys are destroyed stays: backups stay too, and must not bring them back.
_ENTRIES = ("data", "log", "run", *FILES, *NOTES)
_ELSEWHERE = Path("/var/lib")


class State:
    """Names of the files in one state folder, and the lock that one supervisor at a time holds."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.run, self.log, self.data = self.root / "run", self.root / "log", self.root / "data"
        self.secrets = self.root / "secrets.json"
        self.demo = self.root / "demo.json"
        self.migrated = self.root / "migrated.json"
        self.first_data = self.root / "first-data.json"
        self.platform = self.run / "platform.json"
        self.environment = self.run / "environment.json"
        self.children = self.run / "children.json"
        self.ports = self.run / "ports.json"
        self._lock_file = self.run / "lock"
        self._lock: int | None = None

    @property
    def mark(self) -> str:
        """Short name of this folder, different for every checkout."""
        return hashlib.sha256(os.fsencode(self.root)).hexdigest()[:10]

    def create(self) -> None:
        """Make the folders that the caller's own processes write to."""
        # Others may pass through (a database's user has its data below), but not look around.
        self.root.mkdir(mode=0o711, parents=True, exist_ok=True)
        for folder in (self.run, self.log):
            folder.mkdir(mode=0o700, exist_ok=True)

    def data_folder(self, account: Account) -> tuple[Path, bool]:
        """Where the servers keep their data, and whether that is outside of this folder.

        Where the servers' user cannot get here (a checkout in root's home), the data lies below /var/lib and is
        linked from here: no permission of somebody else's folder is changed.
        """
        if not self.data.exists():
            self.data.unlink(missing_ok=True)  # a link whose target is gone
            self.data.mkdir(mode=0o711)
            if not account.can_reach(self.data):
                self.data.rmdir()
                self.data.symlink_to(self._made_elsewhere())
        place = self.data.resolve()
        if not account.can_reach(place):
            raise FolderUnreachable(f"The user '{account.name}' cannot enter {place}. Choose another STATE_DIR.")
        return place, self.data.is_symlink()

    def acquire(self) -> None:
        """Take the lock until this process ends, however it ends. Raises AlreadyRunning."""
        descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + _LOCK_PATIENCE_S
        while not _locked(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise AlreadyRunning(f"It already runs on {self.root}. `make stop` stops it.")
            time.sleep(0.05)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {process.started_at(os.getpid())}".encode(), 0)
        self._lock = descriptor

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def holder(self) -> int | None:
        """Process id of the supervisor that runs on this folder, None when there is none."""
        try:
            descriptor = os.open(self._lock_file, os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            if _locked(descriptor, fcntl.LOCK_SH):
                return None
            pid, _, mark = os.pread(descriptor, 200, 0).decode().partition(" ")
        finally:
            os.close(descriptor)
        return int(pid) if pid and process.started_at(int(pid)) == mark else None

    def forget_database(self) -> None:
        """Drop the notes about what is in the database: it was created anew."""
        for note in (self.migrated, self.first_data, self.demo):
            note.unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete what `create` and the servers made here, and nothing that somebody else put beside it."""
        if self.data.is_symlink() and self.data.resolve() == self._elsewhere():
            shutil.rmtree(self._elsewhere(), ignore_errors=True)
        for name in _ENTRIES:
            entry = self.root / name
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)
        if self.root.is_dir() and not any(self.root.iterdir()):
            self.root.rmdir()

    def _elsewhere(self) -> Path:
        return _ELSEWHERE / f"platform-{self.mark}"

    def _made_elsewhere(self) -> Path:
        self._elsewhere().mkdir(mode=0o711, exist_ok=True)
        return self._elsewhere()


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
