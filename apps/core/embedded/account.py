"""Which operating-system user the databases run as. PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from apps.core.embedded.errors import EmbeddedError

_CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user that processes can be started as. `drops` is false where it is simply the caller."""

    name: str
    uid: int
    gid: int
    drops: bool

    def own(self, path: Path) -> None:
        """Make this user the owner of a file or folder of ours; nothing to do where no privilege is dropped."""
        if self.drops:
            os.chown(path, self.uid, self.gid)

    def can_reach(self, folder: Path) -> bool:
        """Whether this user can enter an existing folder through all its parents. Costs one short process."""
        if not self.drops:
            return os.access(folder, os.X_OK)
        test = ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)]
        done = subprocess.run(
            test, cwd="/", user=self.uid, group=self.gid, extra_groups=[], stderr=subprocess.DEVNULL, timeout=10
        )
        return done.returncode == 0


def server_account() -> Account:
    """The user for database servers: the caller, or where the caller is root an existing unprivileged user.

    Raises EmbeddedError when root has no such user to change to.
    """
    if os.geteuid() != 0:
        return Account(str(os.geteuid()), os.geteuid(), os.getegid(), drops=False)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid, drops=True)
    raise EmbeddedError("PostgreSQL does not run as root, and there is no user 'postgres': start as an ordinary user.")
