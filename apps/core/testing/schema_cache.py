"""Keeps the migrated databases of the last session as SQL, so that the next one need not migrate again.

Migrating takes many times as long as most test runs, and its outcome depends on files that rarely change. The dumps
lie in pytest's cache folder (`--cache-clear` or `--create-db` start afresh) and are named after everything that the
outcome depends on.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parents[3]
_PATTERNS = (
    "apps/**/migrations/*.py",
    "apps/**/models.py",
    "apps/**/models/*.py",
    "apps/**/apps.py",
    "apps/core/db/*.py",
    "apps/core/events/*.py",
    "apps/core/history/*.py",
    "apps/core/tenancy/**/*.py",
    "apps/core/testing/databases.py",
    "config/services.py",
    "config/settings/core.py",
    "config/settings/databases.py",
    "requirements/base.txt",
)
_TIMEOUT_S = 120


class SchemaCache:
    """The dumps of one set of migrations, in `folder`."""

    def __init__(self, folder: Path, aliases: Iterable[str]) -> None:
        mark = _mark()
        self.folder = folder
        self.files = {alias: folder / f"{alias}-{mark}.sql" for alias in aliases}

    def restore(self) -> bool:
        """Fill the freshly provisioned databases. Returns whether there was something to fill them with."""
        try:
            dumps = {alias: file.read_text() for alias, file in self.files.items()}
        except FileNotFoundError:  # never stored, or a session beside this one has just stored newer ones
            return False
        for alias, dump in dumps.items():
            _run("psql", "-X", "-q", "-o", os.devnull, "-v", "ON_ERROR_STOP=1", "-1", _url(alias), given=dump)
        return True

    def store(self) -> None:
        """Dump the databases, in place of older dumps. Rights and owners are kept: the roles have the same names."""
        for alias, file in self.files.items():
            unfinished = file.with_suffix(f".{os.getpid()}")
            _run("pg_dump", "-f", str(unfinished), _url(alias))
            for old in self.folder.glob(f"{alias}-*.sql"):
                old.unlink(missing_ok=True)
            unfinished.rename(file)


def _mark() -> str:
    """Changes with anything that a migration reads; and monthly, since the log gets partitions by the month."""
    digest = hashlib.sha256(f"{datetime.now(UTC):%Y-%m}".encode())
    for path in _sources():
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:20]


def _sources() -> Iterator[Path]:
    for pattern in _PATTERNS:
        yield from sorted(path for path in ROOT.glob(pattern) if "tests" not in path.parts)


def _url(alias: str) -> str:
    return urlunsplit(urlsplit(os.environ["TEST_SUPERUSER_URL"])._replace(path=f"/{alias}"))


def _environment() -> dict[str, str]:
    """Nothing of libpq's that somebody may have set for a server of theirs."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _run(program: str, *arguments: str, given: str = "") -> None:
    from apps.core.embedded.binaries import postgres_folder

    command = [str(postgres_folder() / program), *arguments]
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, env=_environment()
    )
    if done.returncode:
        raise RuntimeError(f"{program} failed: {done.stderr.strip()}")
