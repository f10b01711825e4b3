"""The way of an installation's databases to another major version of PostgreSQL, by PostgreSQL's own `pg_upgrade`.

The new cluster is made beside the old one and takes its place when it is whole. The old one stays as it was: whoever
wants to go back, can.
"""

from dataclasses import dataclass
from pathlib import Path

from apps.core.embedded import process
from apps.core.embedded.account import Account
from apps.core.embedded.binaries import postgres_folders
from apps.core.embedded.errors import EmbeddedError, NothingToUpgrade
from apps.core.embedded.postgres import PostgresServer
from apps.core.embedded.state import State

_CLUSTER, _DRAFT, _DONE = "postgres", "postgres-upgrade.new", "postgres-upgrade.done"
_REPLICAS = "replica-*"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What was done: major versions, and where the old data lies."""

    before: int
    after: int
    kept: Path


def upgrade(state: State, account: Account, *, to: int | None = None) -> Upgrade:
    """Carry the stopped installation's databases to PostgreSQL `to`, by default the newest that is here.

    Cut off anywhere, it is called again, or the platform is started as it was. Needs room for a second copy.
    Raises AlreadyRunning, NothingToUpgrade, ServerNotFound, ServerFailed.
    """
    if not state.data.exists():
        raise NothingToUpgrade(f"There are no databases in {state.root}.")
    state.create()
    state.acquire()
    try:
        data, _ = state.data_folder(account)
        complete(data)
        return _upgraded(data, account, to or max(postgres_folders(), default=0))
    finally:
        state.release()


def newer_than(server: PostgresServer) -> int | None:
    """A newer version on this machine than the one that serves the data."""
    newest = max(postgres_folders(), default=0)
    return newest if newest > (server.major or newest) else None


def complete(data: Path) -> None:
    """Put an upgraded cluster in its place where that was cut off in the middle. Cheap to call at every start."""
    cluster, done = data / _CLUSTER, data / _DONE
    if done.exists() and not cluster.exists():
        done.replace(cluster)


def _upgraded(data: Path, account: Account, wanted: int) -> Upgrade:
    old = PostgresServer(data / _CLUSTER, account=account)
    before = old.major
    if before is None:
        raise NothingToUpgrade(f"There are no databases in {data}.")
    if before >= wanted:
        raise NothingToUpgrade(f"The databases are of PostgreSQL {before} already.")
    kept = data / f"{_CLUSTER}-{before}"
    if kept.exists():
        raise EmbeddedError(f"{kept} is in the way, left by an earlier upgrade: remove it if you do not need it.")
    _stop_cleanly(old)
    _made(data / _DRAFT, old, wanted).replace(data / _DONE)
    for replica in data.glob(_REPLICAS):
        process.remove_tree(replica)  # copied anew at the next start
    old.data_dir.replace(kept)
    complete(data)
    return Upgrade(before, wanted, kept)


def _stop_cleanly(old: PostgresServer) -> None:
    """pg_upgrade takes only what was stopped in order, and a crash may have come before."""
    with old:
        pass


def _made(place: Path, old: PostgresServer, wanted: int) -> Path:
    for rest in (place, place.with_name(_DONE), place.with_name(f"{_DRAFT}.new")):
        process.remove_tree(rest)  # of an upgrade that was cut off
    password = (old.data_dir / "superuser.password").read_text()
    new = PostgresServer(place, account=old.account, major=wanted, password=password)
    new.prepare()
    new.take_over(old)
    with new:
        new.analyze()
    return place
