"""A Redis server of our own. What it may evict belongs to the instance: data and cache are two of them."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Self

from apps.core.embedded.account import Account
from apps.core.embedded.binaries import redis_program
from apps.core.embedded.process import Program
from apps.core.embedded.server import MINIMAL_ENVIRONMENT, Server, temporary_folder

_CONFIGURATION = "redis.conf"
_KEPT: Mapping[str, str] = {
    "maxmemory-policy": "noeviction",
    "appendonly": "yes",
    "appendfsync": "everysec",
}
_CACHE: Mapping[str, str] = {
    "maxmemory": "128mb",
    "maxmemory-policy": "allkeys-lfu",
    "appendonly": "no",
}


class RedisServer(Server):
    """A Redis server with a password (see `Server` for folder, port and account).

    `cache=False`: nothing is evicted and everything is kept on disk (sessions, broker, limits).
    `cache=True`: least used keys go first, nothing is kept. Without `password` one is made and kept in `data_dir`.
    """

    kind: ClassVar[str] = "redis"

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int = 0,
        name: str = "",
        log: Path | None = None,
        account: Account | None = None,
        password: str | None = None,
        cache: bool = False,
        durable: bool = True,
    ) -> None:
        super().__init__(data_dir, port=port, name=name, log=log, account=account)
        self.cache = cache
        self.durable = durable
        self._given_password = password

    @classmethod
    @contextmanager
    def temporary(cls, *, cache: bool = False) -> Iterator[Self]:
        """A started server for a test session, in a folder that is removed with it. It keeps nothing on disk."""
        with temporary_folder() as folder, cls(folder / "redis", cache=cache, durable=False) as server:
            yield server

    @property
    def password(self) -> str:
        return self._given_password or self._secret("redis")

    @property
    def dsn(self) -> str:
        """URL of database 0. Other databases of the instance: replace the number at the end."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> bool:
        new = not (self.data_dir / _CONFIGURATION).exists()
        self._made_folder(self.data_dir)
        self._write(self.data_dir / _CONFIGURATION, self._configuration())
        return new

    def program(self) -> Program:
        return Program(
            name=self.name,
            # The password stays in the file: everybody can read the arguments of a process.
            argv=(str(redis_program()), str(self.data_dir / _CONFIGURATION)),
            cwd=self.data_dir,
            log=self.log,
            env=MINIMAL_ENVIRONMENT,
            account=self.account,
        )

    def is_ready(self, pid: int) -> bool:
        """Whether a server with our password answers; one that still loads its data does not count."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return b"+PONG" in _answers(connection, 2)
        except OSError:
            return False

    def _configuration(self) -> str:
        keeping = {**(_CACHE if self.cache else _KEPT), **({} if self.durable else {"appendonly": "no"})}
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "requirepass": self.password,
            "dir": f'"{self.data_dir}"',
            "daemonize": "no",
            "save": '""',
            **keeping,
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())


def _answers(connection: socket.socket, count: int) -> bytes:
    """What the server says, up to `count` lines."""
    said = b""
    while said.count(b"\r\n") < count and (piece := connection.recv(1024)):
        said += piece
    return said
