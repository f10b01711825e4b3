"""How fast the web process is, beside gunicorn's gthread in the same run: `python bench/web_server.py [seconds]`.

Three servers of one process each, loaded in turn by wrk, three rounds interleaved: an answer of the edge, a plain
Django view through our adapter, and the same view under gthread. Only the ratios are to be trusted.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS, CONNECTIONS, THREADS = 3, 64, 4
_START_S = 30.0


@contextmanager
def served(*arguments: str) -> Iterator[int]:
    """A gunicorn with these arguments, in which PORT stands for its port; yields the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WEB_", "PROMETHEUS_"))}
    environment = {**kept, "BIND": f"127.0.0.1:{port}", "WEB_PROCESSES": "1", "LOG_LEVEL": "WARNING"}
    environment |= {"WEB_THREADS": str(THREADS), "WEB_QUEUE": "1000", "SERVED_FILE": "", "SERVED_PIPE": ""}
    command = [sys.executable, "-m", "gunicorn", *(argument.replace("PORT", str(port)) for argument in arguments)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_open(port)
        yield port
    finally:
        process.terminate()
        process.wait(_START_S)


def _wait_until_open(port: int) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"no server on port {port} after {_START_S:.0f} s")


def rate(port: int, path: str, seconds: int) -> float:
    """Requests per second by wrk. Ends the run when one of them failed."""
    url = f"http://127.0.0.1:{port}{path}"
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", url]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", output)
    if found is None or "Non-2xx" in output:
        raise SystemExit(f"wrk could not load {url}:\n{output}")
    return float(found[1])


def measured(seconds: int) -> dict[str, list[float]]:
    """Rates by name, one per round."""
    application = "apps.core.web.tests.served"
    ours = ("-c", "config/gunicorn.py", f"{application}:application")
    gthread = ("-b", "127.0.0.1:PORT", "-k", "gthread", "-w", "1", "--threads", str(THREADS), "--no-control-socket")
    rates: dict[str, list[float]] = {"edge hit": [], "Django view, our adapter": [], "Django view, gthread": []}
    with served(*ours) as port, served(*gthread, f"{application}:django_application") as peer_port:
        for _ in range(ROUNDS):
            rates["edge hit"].append(rate(port, "/edge", seconds))
            rates["Django view, our adapter"].append(rate(port, "/plain?size=600", seconds))
            rates["Django view, gthread"].append(rate(peer_port, "/plain?size=600", seconds))
    return rates


def main() -> None:
    """Print a table."""
    if shutil.which("wrk") is None:
        print("not run: wrk is missing (Debian: apt-get install wrk)")
        return
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    rates = measured(seconds)
    peer = statistics.median(rates["Django view, gthread"])
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, wrk -c{CONNECTIONS}")
    for name, rounds in rates.items():
        median = statistics.median(rounds)
        print(f"{name:28} {median:>10,.0f} /s   {median / peer:6.2f} x gthread   (rounds: {_listed(rounds)})")


def _listed(rounds: list[float]) -> str:
    return ", ".join(f"{value:,.0f}" for value in rounds)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
