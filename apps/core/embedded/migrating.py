"""Knows without starting Django whether a database may need migrating: a hash over everything that decides it."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from apps.core.embedded import private_json

# Models and grants decide what the roles may do, which is granted after migrating; packages bring migrations too.
_DECIDING = ("migrations/*.py", "models.py", "models/*.py", "grants.py", "permissions.py")
_LOCK = "requirements/base.txt"


def fingerprint(project: Path, places: Iterable[str]) -> str:
    """Changes with any migration, model or permission below apps/, any package, any of the `places`."""
    digest = hashlib.sha256()
    files = {file for pattern in _DECIDING for file in project.glob(f"apps/**/{pattern}")} | {project / _LOCK}
    for file in sorted(filter(Path.is_file, files)):
        digest.update(str(file.relative_to(project)).encode() + b"\0" + file.read_bytes() + b"\0")
    for place in places:
        digest.update(place.encode() + b"\0")
    return digest.hexdigest()


def is_done(file: Path, mark: str) -> bool:
    return bool(private_json.read(file) == {"fingerprint": mark})


def remember(file: Path, mark: str) -> None:
    private_json.write(file, {"fingerprint": mark})
