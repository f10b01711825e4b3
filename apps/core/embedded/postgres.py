"""A PostgreSQL server of our own, and streaming standbys of it."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import quote

from apps.core.embedded import process
from apps.core.embedded.account import Account
from apps.core.embedded.binaries import postgres_folder
from apps.core.embedded.errors import EmbeddedError, ServerFailed
from apps.core.embedded.process import Program
from apps.core.embedded.server import MINIMAL_ENVIRONMENT, Server, temporary_folder

if TYPE_CHECKING:
    import psycopg

SUPERUSER = "postgres"
_REPLICATOR = "replicator"
_CONFIGURATION = "embedded.conf"
_TOOL_TIMEOUT_S = 3600  # what copies or upgrades a cluster takes its time
_LONGEST_SOCKET_PATH = 103  # of sun_path: 108 on Linux, 104 elsewhere, one byte for the end
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "password_encryption": "scram-sha-256",
    "wal_level": "replica",
    "hot_standby": "on",
    "max_wal_senders": "10",
    # A standby that was away for less than this catches up by itself; after more it is copied anew.
    "wal_keep_size": "256MB",
    "wal_retrieve_retry_interval": "200ms",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "max_locks_per_transaction": "256",  # partitioned tables take a lock per partition
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than these short queries take
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_checkpoints": "off",
}
_NOT_DURABLE: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresServer(Server):
    """A PostgreSQL server (see `Server` for folder, port and account).

    `durable=False` is for tests: faster, and a power cut may cost the data. `settings` overrides single
    lines of postgresql.conf. Data is served by the version that made it; a cluster that is to be made is of the version
    `major`, else of the newest that is here, and its superuser's `password`, else a new one, will lie in `data_dir`.
    """

    kind: ClassVar[str] = "postgres"

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int = 0,
        name: str = "",
        log: Path | None = None,
        account: Account | None = None,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        major: int | None = None,
        password: str = "",
    ) -> None:
        super().__init__(data_dir, port=port, name=name, log=log, account=account)
        self.durable = durable
        self._major, self._password = major, password
        self.settings = {**_SETTINGS, **({} if durable else _NOT_DURABLE), **(settings or {})}

    @classmethod
    @contextmanager
    def temporary(cls, *, settings: Mapping[str, str] | None = None) -> Iterator[Self]:
        """A started server for a test session, in a folder that is removed with it."""
        with temporary_folder() as folder, cls(folder / "postgres", durable=False, settings=settings) as server:
            yield server

    @classmethod
    def running_in(cls, data_dir: Path) -> Self:
        """The server that somebody else runs on this folder. Raises EmbeddedError when none does."""
        try:
            port = int((data_dir / "postmaster.pid").read_text().splitlines()[3])
        except (OSError, IndexError, ValueError) as error:
            raise EmbeddedError(f"No PostgreSQL server runs on {data_dir}.") from error
        return cls(data_dir, port=port)

    @property
    def dsn(self) -> str:
        """URL of the superuser's connection to the database `postgres`."""
        return self.url("postgres", SUPERUSER, self._secret("superuser"))

    def url(self, database: str, user: str, password: str) -> str:
        """URL of a connection to one of the server's databases."""
        return f"postgresql://{quote(user)}:{quote(password, safe='')}@127.0.0.1:{self.port}/{quote(database)}"

    def connect(self, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        """A superuser's connection in autocommit mode, to be closed by the caller."""
        import psycopg  # a quarter of the time that the rest of this part takes to load

        url = self.url(database, SUPERUSER, self._secret("superuser"))
        return psycopg.connect(url, autocommit=True, connect_timeout=10)

    @property
    def created(self) -> bool:
        return (self.data_dir / "PG_VERSION").exists()

    @property
    def major(self) -> int | None:
        """The major version of the data, without data the version that was asked for."""
        return int((self.data_dir / "PG_VERSION").read_text()) if self.created else self._major

    def prepare(self) -> bool:
        """Create the cluster when there is none, write its configuration, clear away what a crash left.

        Raises ServerNotFound, FolderUnreachable, ServerFailed.
        """
        new = not self.created
        if new:
            # Beside its place, then renamed: an interrupted creation never looks like a finished one.
            draft = self.data_dir.with_name(f"{self.data_dir.name}.new")
            process.remove_tree(draft)
            self._create(self._made_folder(draft))
            draft.replace(self.data_dir)
        self._write(self.data_dir / _CONFIGURATION, self._configuration())
        self._forget_dead_server()
        return new

    def copy_to(self, folder: Path) -> None:
        """Copy the running cluster into a new folder and verify the copy. Nobody waits. Raises ServerFailed."""
        self._made_folder(folder)
        self._run(
            "pg_basebackup",
            *("--pgdata", str(folder), "--checkpoint", "fast", "--wal-method", "stream", "--no-password"),
            *("--manifest-checksums", "SHA256", "--host", "127.0.0.1", "--port", str(self.port)),
            *("--username", _REPLICATOR, *(() if self.durable else ("--no-sync",))),
            env={"PGPASSWORD": _replication_password(self)},
        )
        PostgresServer(folder, account=self.account).verify_copy()

    def verify_copy(self) -> None:
        """Compare a copy that was never started with the list that was made with it. Raises ServerFailed."""
        self._run("pg_verifybackup", "--quiet", str(self.data_dir))

    def take_over(self, old: "PostgresServer") -> None:
        """Fill this prepared cluster, which was never started, with all that is in one of an older version.

        Neither may run; both have the same superuser's password. Raises ServerFailed with what stands in the way.
        """
        locks = f"-c max_locks_per_transaction={self.settings['max_locks_per_transaction']}"
        self._run(
            "pg_upgrade",
            *("--old-bindir", str(postgres_folder(old.major)), "--old-datadir", str(old.data_dir)),
            *("--new-bindir", str(postgres_folder(self.major)), "--new-datadir", str(self.data_dir)),
            *("--old-options", locks, "--new-options", locks),
            *("--username", SUPERUSER, "--socketdir", self._socket_folder() or tempfile.gettempdir()),
            env={"PGPASSWORD": self._secret("superuser")},
            cwd=self.data_dir,
        )
        (self.data_dir / "delete_old_cluster.sh").unlink(missing_ok=True)

    def analyze(self) -> None:
        """Tell the running server's planner what is in all its tables. Raises ServerFailed."""
        self._run(
            "vacuumdb",
            *("--all", "--analyze-only", "--quiet", "--no-password"),
            *("--host", "127.0.0.1", "--port", str(self.port), "--username", SUPERUSER),
            env={"PGPASSWORD": self._secret("superuser")},
        )

    def program(self) -> Program:
        return Program(
            name=self.name,
            argv=(str(self._binary("postgres")), "-D", str(self.data_dir)),
            cwd=self.data_dir,
            log=self.log,
            env=MINIMAL_ENVIRONMENT,
            account=self.account,
            stop_signal=signal.SIGINT,  # "fast": ends the sessions, then writes a checkpoint
            # Whoever recovers does not look whether their server is still alive, and no new one starts beside them.
            owns_cwd=True,
        )

    def is_ready(self, pid: int) -> bool:
        lines = self._pid_file_lines()
        return len(lines) > 7 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"

    def _create(self, folder: Path) -> None:
        password = self._password or secrets.token_urlsafe(24)
        source = folder.with_name(f"{folder.name}.password")
        self._write(source, password)
        try:
            self._run(
                "initdb",
                *("--pgdata", str(folder), "--username", SUPERUSER, "--pwfile", str(source)),
                *("--auth", "scram-sha-256", "--data-checksums", "--encoding", "UTF8"),
                *("--locale", "C.UTF-8" if sys.platform.startswith("linux") else "C"),
                *(() if self.durable else ("--no-sync",)),
            )
        finally:
            source.unlink()
        self._write(folder / "superuser.password", password)
        # After what initdb found out about this machine (shared memory, locale).
        chosen = (folder / "postgresql.conf").read_text()
        self._write(folder / "postgresql.conf", f"{chosen}\ninclude '{_CONFIGURATION}'\n")

    def _configuration(self) -> str:
        settings = {**self.settings, "port": str(self.port), "unix_socket_directories": self._socket_folder()}
        return "".join(f"{name} = '{_quoted(value)}'\n" for name, value in settings.items())

    def _socket_folder(self) -> str:
        """The data folder itself, closed to everybody else; none where its path is too long for a socket."""
        longest = f"{self.data_dir}/.s.PGSQL.{self.port}"
        return str(self.data_dir) if len(os.fsencode(longest)) <= _LONGEST_SOCKET_PATH else ""

    def _forget_dead_server(self) -> None:
        """Remove the pid file of a server that is gone, even where its pid now belongs to somebody else.

        PostgreSQL takes any living process of its own user for its predecessor; after a restart of a container
        that is often another one. A server's working directory is its data folder, so the two can be told apart.
        """
        lines = self._pid_file_lines()
        if not lines or not Path("/proc/self/cwd").exists():
            return
        try:
            alive = Path(f"/proc/{lines[0].strip()}/cwd").resolve(strict=True) == self.data_dir.resolve()
        except OSError:
            alive = False
        if not alive:
            (self.data_dir / "postmaster.pid").unlink(missing_ok=True)

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self.data_dir / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _binary(self, program: str) -> Path:
        return postgres_folder(self.major) / program

    def _run(
        self, program: str, *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> None:
        """Run one of PostgreSQL's own tools as the server's user. Raises ServerFailed with what it said."""
        done = subprocess.run(
            [str(self._binary(program)), *arguments],
            cwd=cwd or self.data_dir.parent,
            env={**MINIMAL_ENVIRONMENT, **(env or {})},
            user=self.account.uid if self.account.drops else None,
            group=self.account.gid if self.account.drops else None,
            extra_groups=[] if self.account.drops else None,
            capture_output=True,
            text=True,
            timeout=_TOOL_TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            raise ServerFailed(f"{program} failed:\n{done.stderr.strip() or done.stdout.strip()}")


class Replica(PostgresServer):
    """A streaming standby of `primary`, which must be running when the standby is first prepared.

    It serves reads of every database of the primary, with the same roles and passwords.
    """

    kind: ClassVar[str] = "replica"

    def __init__(
        self,
        primary: PostgresServer,
        data_dir: Path,
        *,
        port: int = 0,
        name: str = "",
        log: Path | None = None,
    ) -> None:
        super().__init__(
            data_dir,
            port=port,
            name=name,
            log=log,
            account=primary.account,
            durable=primary.durable,
            settings=primary.settings,
        )
        self.primary = primary

    def rebuild(self) -> None:
        """Throw the stopped standby's data away: the next `prepare` copies the primary again."""
        if self.pid is not None:
            raise EmbeddedError(f"{self.name} runs: stop it before it is rebuilt.")
        process.remove_tree(self.data_dir)

    def is_streaming(self) -> bool:
        """Whether the standby runs and receives the primary's changes."""
        from psycopg import OperationalError

        try:
            with self.connect() as connection:
                row = connection.execute("select status from pg_stat_wal_receiver").fetchone()
        except OperationalError:
            return False
        return row is not None and row[0] == "streaming"

    def pause_replay(self) -> None:
        """Go on receiving changes but apply none, until `resume_replay`: a lagging standby for a test."""
        with self.connect() as connection:
            connection.execute("select pg_wal_replay_pause()")

    def resume_replay(self) -> None:
        with self.connect() as connection:
            connection.execute("select pg_wal_replay_resume()")

    def _create(self, folder: Path) -> None:
        self.primary.copy_to(folder)
        self._write(folder / "standby.signal", "")

    def _configuration(self) -> str:
        source = {
            "host": "127.0.0.1",
            "port": str(self.primary.port),
            "user": _REPLICATOR,
            "password": _replication_password(self.primary),
            "application_name": self.name,
        }
        conninfo = " ".join(f"{key}={value}" for key, value in source.items())
        return f"{super()._configuration()}primary_conninfo = '{_quoted(conninfo)}'\n"


def _replication_password(primary: PostgresServer) -> str:
    """The password of the role that standbys connect with, which is created with its password when it is new."""
    known = (primary.data_dir / "replication.password").exists()
    password = primary._secret("replication")  # a Replica is a part of its primary
    if not known:
        from psycopg import sql

        role, literal = sql.Identifier(_REPLICATOR), sql.Literal(password)
        with primary.connect() as connection:
            connection.execute(sql.SQL("drop role if exists {}").format(role))
            connection.execute(sql.SQL("create role {} login replication password {}").format(role, literal))
    return password


def _quoted(value: str) -> str:
    return value.replace("'", "''")
