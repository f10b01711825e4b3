"""Five times the load of a real web process: how much is answered in time, with its door and without."""

from __future__ import annotations

import asyncio
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.harness import Bench
from bench.overload_server import SERVICE_S, THREADS

_PATIENCE_S, _SECONDS, _SETTLES_S = 1.0, 15.0, 3.0
_PEAK = THREADS / SERVICE_S


def run(bench: Bench) -> None:
    print(f"A web process that can answer {_PEAK:.0f} a second; callers come one by one, with a second of patience")
    for load in (1.0, 5.0):
        for door in ("without", "with"):
            with _server(door) as port:
                good, refused, late = asyncio.run(_ask(port, load * _PEAK))
            said = f"{good / _PEAK:4.0%} of the peak in time, {refused:.0f} a second refused, {late:.0f} too late"
            print(f"  {load:.0f}x  {door:7} the door  {said}")
    print()


@contextmanager
def _server(door: str) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "bench.overload_server", str(port), door])
    try:
        _await(port)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _await(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the server does not start")


async def _ask(port: int, rate: float) -> tuple[float, float, float]:
    """Each second, once it has settled: answered in time, refused, too late."""
    begun, calls = time.monotonic(), []
    chance = random.Random(1)
    while (now := time.monotonic()) < begun + _SECONDS:
        if now > begun + _SETTLES_S:
            calls.append(asyncio.create_task(_call(port)))
        else:
            asyncio.create_task(_call(port))  # noqa: RUF006 (nobody looks at the first)
        await asyncio.sleep(chance.expovariate(rate))
    said = await asyncio.gather(*calls)
    return tuple(said.count(status) / (_SECONDS - _SETTLES_S) for status in (200, 503, 0))  # type: ignore[return-value]


async def _call(port: int) -> int:
    """The status; 0 where there was none in time. Whoever has no patience left hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            writer.write(b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            head = await reader.readline()
            return int(head.split()[1]) if head else 0
    except (TimeoutError, OSError):
        return 0
    finally:
        writer.close()
