"""Where the programs of PostgreSQL and Redis are on this machine. They are often not on PATH."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from apps.core.embedded.errors import ServerNotFound

_OLDEST_POSTGRES = 15
_POSTGRES_GLOBS = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # the PostgreSQL project's RPMs
    "/opt/homebrew/opt/postgresql@*/bin",  # Homebrew, Apple silicon
    "/usr/local/opt/postgresql@*/bin",  # Homebrew, Intel
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
)
_REDIS_FOLDERS = ("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/home/linuxbrew/.linuxbrew/bin")


def postgres_folder(major: int | None = None) -> Path:
    """The folder with `postgres` and `initdb` in it, newest version first; `major` asks for one version.

    Raises ServerNotFound saying what to install.
    """
    found = postgres_folders()
    if major is not None:
        found = {version: folder for version, folder in found.items() if version == major}
    if not found:
        wanted = str(major) if major else f"{_OLDEST_POSTGRES} or newer"
        raise ServerNotFound(
            f"PostgreSQL {wanted} was not found. Install it: apt install postgresql (Debian, Ubuntu) "
            f"or brew install postgresql@{major or 17} (macOS)."
        )
    return found[max(found)]


def postgres_folders() -> dict[int, Path]:
    """Each usable major version on this machine -> its folder."""
    return {version: folder for folder in _candidates() if (version := _version(folder)) >= _OLDEST_POSTGRES}


def redis_program() -> Path:
    """The Redis server. Raises ServerNotFound saying what to install."""
    on_path = shutil.which("redis-server")
    candidates = [Path(on_path)] if on_path else [Path(folder) / "redis-server" for folder in _REDIS_FOLDERS]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    raise ServerNotFound(
        "Redis was not found. Install it: apt install redis-server (Debian, Ubuntu) or brew install redis (macOS)."
    )


def _candidates() -> Iterator[Path]:
    for pattern in _POSTGRES_GLOBS:
        yield from Path("/").glob(pattern.lstrip("/"))
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent


def _version(folder: Path) -> int:
    """Major version by the headers' neighbour that every build has: the name of the folder, else the program's word."""
    if not (folder / "initdb").exists() or not (folder / "postgres").exists():
        return 0
    named = re.search(r"(?:postgresql[/@]|pgsql-)(\d+)", str(folder))
    return int(named[1]) if named else _asked_version(folder / "postgres")


def _asked_version(program: Path) -> int:
    import subprocess

    said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    number = re.search(r"(\d+)", said)
    return int(number[1]) if number else 0


def missing() -> list[str]:
    """Debian's names of the packages whose servers are not on this machine."""
    wanted = {"postgresql": postgres_folder, "redis-server": redis_program}
    return [package for package, find in wanted.items() if not _is_found(find)]


def _is_found(find: Callable[[], Path]) -> bool:
    try:
        find()
    except ServerNotFound:
        return False
    return True


if __name__ == "__main__":
    print(" ".join(missing()))  # noqa: T201 - read by bin/bootstrap
