"""Ports for servers on the loopback interface: all below 32768, where no outgoing connection of a client sits."""

import random
import socket
from collections.abc import Iterable
from pathlib import Path

from apps.core.embedded import private_json
from apps.core.embedded.errors import EmbeddedError

FIRST_PORT, LAST_PORT = 20000, 32000
_TRIES = 200


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now. Somebody may still take it a moment later."""
    with socket.socket() as probe:
        # As servers do: a connection that is only waiting to be forgotten does not make a port busy.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def first_free(candidates: Iterable[int]) -> int:
    """The first of the ports that is free. Raises EmbeddedError when none is."""
    for port in candidates:
        if is_free(port):
            return port
    raise EmbeddedError("No free port was found on 127.0.0.1: stop what is listening, or give PORT.")


def any_free() -> int:
    """A free port nobody chose before, drawn at random so that parallel sessions seldom meet."""
    draw = random.SystemRandom()
    return first_free(draw.randrange(FIRST_PORT, LAST_PORT) for _ in range(_TRIES))


class PortBook:
    """Ports of one installation, the same at every start: a range of its own, by the name of its folder."""

    _RANGE = 16

    def __init__(self, file: Path, mark: str) -> None:
        self._file = file
        slots = (LAST_PORT - FIRST_PORT) // self._RANGE
        self._first = FIRST_PORT + int(mark, 16) % slots * self._RANGE
        self._ports: dict[str, int] = private_json.read(file) or {}

    def port_of(self, name: str) -> int:
        """The port of this server: the one it had, or when somebody else listens there, the next free one."""
        known = self._ports.get(name)
        if known is None or not is_free(known):
            others = {port for other, port in self._ports.items() if other != name}
            self._ports[name] = first_free(port for port in range(self._first, LAST_PORT + 700) if port not in others)
            private_json.write(self._file, self._ports)
        return self._ports[name]
