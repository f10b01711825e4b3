"""Copies of a whole installation in one file, made while it runs, and an installation made of such a copy.

The file is a compressed tar: `manifest.json`, PostgreSQL's own base backup below `postgres/`, and what else the
installation keeps. It is checked where it is made and again before anything of it is used. Redis is not in it: its
sessions and queues are made again by signing in and by what sweeps.
"""

import hashlib
import json
import shutil
import tarfile
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from apps.core.embedded import process
from apps.core.embedded.account import Account
from apps.core.embedded.binaries import postgres_folder
from apps.core.embedded.errors import BackupBroken, EmbeddedError, NotEmpty
from apps.core.embedded.postgres import PostgresServer
from apps.core.embedded.state import FILES, NOTES, State

FORMAT = 1
SECRETS = "secrets.json"
# Beside the databases. Whose keys are destroyed is left out on purpose: a restored copy must not bring them back.
_KEPT = (*(name for name in NOTES if name != SECRETS), *FILES)
_MANIFEST, _CLUSTER = "manifest.json", "postgres"


def make(state: State, primary: PostgresServer, folder: Path, *, with_secrets: bool, now: datetime) -> Path:
    """Write a backup of the installation into `folder`; returns its file, which only its owner can read.

    The server must run; nobody waits. Raises ServerFailed, EmbeddedError when there is no room or no right to write.
    """
    target = folder / f"platform-{now.astimezone(UTC):%Y%m%d-%H%M%S}.tar.gz"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _base_backup(primary) as cluster, _files_of(state) as kept, _draft_of(target) as draft:
            _write(draft, cluster, kept, with_secrets=with_secrets, now=now)
    except OSError as error:
        raise EmbeddedError(f"The backup cannot be written to {folder}: {error.strerror or error}.") from error
    return target


def restore(file: Path, state: State, account: Account) -> dict[str, Any]:
    """Make an installation of a backup in an empty state folder; returns what the backup says of itself.

    Nothing is in its place before all of it was checked. Raises NotEmpty, BackupBroken, ServerNotFound.
    """
    _must_be_empty(state)
    state.create()
    state.acquire()
    data, _ = state.data_folder(account)
    draft = data / "restored.new"
    process.remove_tree(draft)
    try:
        manifest = _unpacked(file, draft)
        _checked(draft, manifest, account)
        _moved_in(draft, state, data)
    except (OSError, EOFError, tarfile.TarError, zlib.error, ValueError, KeyError) as error:
        raise BackupBroken(f"{file} is no backup that can be restored: {error}.") from error
    finally:
        process.remove_tree(draft)
        state.release()
    return manifest


@contextmanager
def _base_backup(primary: PostgresServer) -> Iterator[Path]:
    """PostgreSQL's own copy of the running cluster, with the changes that were written meanwhile, and verified."""
    place = primary.data_dir.with_name("backup.new")
    process.remove_tree(place)
    try:
        primary.copy_to(place)
        yield place
    finally:
        process.remove_tree(place)


@contextmanager
def _files_of(state: State) -> Iterator[Path]:
    """What the installation keeps beside the databases, as it is now: what is deleted meanwhile is in the backup still.

    What is written from now on stays out: it may not be whole, and the copy of the databases knows nothing of it.
    """
    place, now = state.root / "backup.new", time.time()
    process.remove_tree(place)
    try:
        place.mkdir(mode=0o700)
        for path in (path for name in (*_KEPT, SECRETS) for path in _files(state.root / name)):
            copy = place / path.relative_to(state.root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            _link(path, copy, before=now)
        yield place
    finally:
        process.remove_tree(place)


def _link(path: Path, copy: Path, *, before: float) -> None:
    try:
        if path.stat().st_mtime <= before:
            copy.hardlink_to(path)
    except FileNotFoundError:
        return  # deleted since it was listed


@contextmanager
def _draft_of(target: Path) -> Iterator[Path]:
    """A file that only its owner can read, and that becomes `target` once it is whole."""
    draft = target.with_name(f".{target.name}.new")
    draft.touch(mode=0o600)
    try:
        yield draft
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _write(file: Path, cluster: Path, kept: Path, *, with_secrets: bool, now: datetime) -> None:
    names = [name for name in (*_KEPT, *([SECRETS] if with_secrets else [])) if (kept / name).exists()]
    manifest = {
        "format": FORMAT,
        "made_at": now.astimezone(UTC).isoformat(),
        "postgres": int((cluster / "PG_VERSION").read_text()),
        "with_secrets": with_secrets,
        "sha256": {
            **_digests(kept, names),
            f"{_CLUSTER}/backup_manifest": _digest(cluster / "backup_manifest"),
        },
    }
    with tarfile.open(file, "w:gz", compresslevel=3) as tar:
        note = cluster.with_name("manifest.new")
        note.write_text(json.dumps(manifest, indent=1))
        tar.add(note, _MANIFEST)
        note.unlink()
        tar.add(cluster, _CLUSTER)
        for name in names:
            tar.add(kept / name, name)


def _unpacked(file: Path, draft: Path) -> dict[str, Any]:
    with tarfile.open(file, "r:gz") as tar:
        for member in tar:
            _unpack(tar, member, draft)
    manifest: dict[str, Any] = json.loads((draft / _MANIFEST).read_text())
    if manifest["format"] != FORMAT:
        raise BackupBroken(f"{file} was made by another version of the platform (format {manifest['format']}).")
    return manifest


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, draft: Path) -> None:
    """A file or folder below `draft`, ours to read. Debian 12's Python cannot be asked to refuse all else (PEP 706)."""
    place = draft / member.name
    if not (member.isreg() or member.isdir()) or not place.resolve().is_relative_to(draft.resolve()):
        raise BackupBroken(f"{member.name} in the backup is no file of an installation.")
    (place if member.isdir() else place.parent).mkdir(parents=True, exist_ok=True)
    if content := tar.extractfile(member):
        with place.open("wb") as file:
            shutil.copyfileobj(content, file)
    place.chmod(member.mode & 0o755)


def _checked(draft: Path, manifest: Mapping[str, Any], account: Account) -> None:
    """Every file is what it was when the backup was made. Raises BackupBroken, ServerNotFound."""
    for name, digest in manifest["sha256"].items():
        if _digest(draft / name) != digest:
            raise BackupBroken(f"{name} in the backup is not what it was when the backup was made.")
    postgres_folder(manifest["postgres"])  # the server that can read it must be there
    cluster = draft / _CLUSTER
    for path in (draft, cluster, *cluster.rglob("*")):
        account.own(path)
    cluster.chmod(0o700)
    PostgresServer(cluster, account=account).verify_copy()


def _moved_in(draft: Path, state: State, data: Path) -> None:
    """The cluster last: without it the next start would begin anew, with it it is whole."""
    for entry in draft.iterdir():
        if entry.name not in (_MANIFEST, _CLUSTER):
            shutil.move(entry, state.root / entry.name)  # the data may lie on another file system
    for name in (*_KEPT, SECRETS):
        if (state.root / name).is_file():
            (state.root / name).chmod(0o600)
    (draft / _CLUSTER).replace(data / _CLUSTER)


def _must_be_empty(state: State) -> None:
    if state.holder() is not None:
        raise NotEmpty(f"The platform runs on {state.root}: restore into an empty folder, named by STATE_DIR.")
    if (state.data / _CLUSTER).exists() or (state.root / SECRETS).exists():
        raise NotEmpty(
            f"{state.root} has data: restore into an empty folder, named by STATE_DIR, or `make clean` first."
        )


def _files(place: Path) -> list[Path]:
    return sorted(path for path in (place, *place.rglob("*")) if path.is_file())


def _digests(root: Path, names: Iterable[str]) -> dict[str, str]:
    return {str(path.relative_to(root)): _digest(path) for name in names for path in _files(root / name)}


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def size_of(file: Path) -> str:
    """For people: `12.3 MB`."""
    return f"{file.stat().st_size / 1e6:,.1f} MB"
