"""The servers that one installation starts for itself: PostgreSQL, its standbys, two Redis instances."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from apps.core.embedded import credentials, upgrading
from apps.core.embedded.account import server_account
from apps.core.embedded.errors import ServerFailed, StepFailed
from apps.core.embedded.options import Options
from apps.core.embedded.ports import PortBook
from apps.core.embedded.postgres import PostgresServer, Replica
from apps.core.embedded.programs import DEPENDENT_SERVERS, SERVERS
from apps.core.embedded.redis import RedisServer
from apps.core.embedded.server import Server
from apps.core.embedded.state import State
from apps.core.embedded.supervisor import Supervisor

READY_TIMEOUT_S = 60.0
_STREAMING_TIMEOUT_S = 10.0


class Servers:
    """Builds the servers that the options ask for, in the state folder, on this installation's own ports."""

    def __init__(self, options: Options, state: State) -> None:
        self._options, self._state = options, state
        self._book = PortBook(state.ports, state.mark)
        self._account = server_account()
        self.folder, self.is_elsewhere = state.data_folder(self._account)
        upgrading.complete(self.folder)

    def postgres(self) -> PostgresServer:
        name = "postgres"
        return PostgresServer(
            self.folder / name, port=self._book.port_of(name), name=name, log=self._log(name), account=self._account
        )

    def replicas(self, primary: PostgresServer) -> list[Replica]:
        names = [f"replica-{number}" for number in range(1, self._options.replicas + 1)]
        return [
            Replica(primary, self.folder / name, port=self._book.port_of(name), name=name, log=self._log(name))
            for name in names
        ]

    def redis(self, secrets: Mapping[str, str], *, cache: bool) -> RedisServer:
        name = "cache-redis" if cache else "redis"
        return RedisServer(
            self.folder / name,
            port=self._book.port_of(name),
            name=name,
            log=self._log(name),
            account=self._account,
            password=credentials.redis_password(secrets, cache=cache),
            cache=cache,
        )

    def _log(self, name: str) -> Path:
        return self._state.log / f"{name}.log"


def start(supervisor: Supervisor, server: Server) -> bool:
    """Start a server under supervision and wait until it is ready. True when its data was created now."""
    created = server.prepare()
    supervisor.start(replace(server.program(), tier=SERVERS))
    supervisor.wait_for(lambda: _is_ready(supervisor, server), READY_TIMEOUT_S, server.name)
    return created


def start_replica(supervisor: Supervisor, replica: Replica) -> bool:
    """Start a standby, copied anew when it cannot follow its primary any more. False when even that did not work."""
    for _ in range(2):
        try:
            _start_following(supervisor, replica)
        except (StepFailed, ServerFailed):
            supervisor.stop(replica.name)
            replica.rebuild()
        else:
            return True
    return False


def _start_following(supervisor: Supervisor, replica: Replica) -> None:
    def settled() -> bool:
        return replica.name not in supervisor.processes or _is_ready(supervisor, replica)

    replica.prepare()
    supervisor.start(replace(replica.program(), tier=DEPENDENT_SERVERS, essential=False))
    # Ended once is enough here: starting it again would not mend its data, a new copy does.
    supervisor.wait_for(settled, READY_TIMEOUT_S, replica.name)
    if replica.name not in supervisor.processes:
        raise ServerFailed(f"{replica.name} ended while starting.")
    supervisor.wait_for(replica.is_streaming, _STREAMING_TIMEOUT_S, replica.name)


def _is_ready(supervisor: Supervisor, server: Server) -> bool:
    pid = supervisor.processes.get(server.name)
    return pid is not None and server.is_ready(pid)
