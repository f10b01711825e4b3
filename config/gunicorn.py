"""gunicorn's configuration for the web process: `gunicorn -c config/gunicorn.py config.asgi:application`.

BIND, WEB_PROCESSES, WEB_HEARTBEAT_TIMEOUT_S, WEB_GRACEFUL_TIMEOUT_S, WEB_KEEPALIVE_S, WEB_BACKLOG, TLS_CERTIFICATE
with TLS_KEY, FORWARDED_ALLOW_IPS, PROMETHEUS_MULTIPROC_DIR, LOG_LEVEL. What happens inside a process (WEB_THREADS,
WEB_QUEUE, WEB_TIMEOUT_S and the limits) is in `config/settings/web.py`.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.env import env

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

wsgi_app = "config.asgi:application"
bind = env.str("BIND", default="127.0.0.1:8000")
backlog = env.int("WEB_BACKLOG", default=1024)
workers = env.int("WEB_PROCESSES", default=min(os.cpu_count() or 1, 4))
worker_class = "apps.core.web.worker.WebWorker"

# Imports Django once, before the fork: the processes start in the time of one and share its memory. `pre_fork` sees to
# it that no connection is inherited; what needs threads starts after the fork (WebApplication's `on_start`).
preload_app = True
max_requests = 0  # a process that leaks is repaired, not recycled

timeout = env.int("WEB_HEARTBEAT_TIMEOUT_S", default=15)  # without a heartbeat for longer, a worker is replaced
graceful_timeout = env.int("WEB_GRACEFUL_TIMEOUT_S", default=7)
keepalive = env.int("WEB_KEEPALIVE_S", default=15)
forwarded_allow_ips = env.str("FORWARDED_ALLOW_IPS", default="127.0.0.1,::1")
if certfile := env.str("TLS_CERTIFICATE", default="") or None:
    keyfile = env.str("TLS_KEY")

worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (the heartbeat file: never on a disk)
control_socket_disable = True  # a thread in the parent, which later forks would inherit

accesslog = None  # `web.access` instead, from the application
# Until Django is set up, and for an application without it; then settings.LOGGING_CONFIG takes the root over.
logconfig_dict: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "apps.core.web.access_log.JsonLines"}},
    "handlers": {"json": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}},
    "root": {"handlers": ["json"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"gunicorn.error": {"handlers": [], "level": "INFO", "propagate": True}},
}

_METRICS_PREFIX = "web-metrics-"


def _metrics_folder() -> Path:
    """Where the metrics of several processes meet, as files; workers' too where they are given the same folder."""
    folder = Path(env.str("PROMETHEUS_MULTIPROC_DIR", default="") or tempfile.mkdtemp(prefix=_METRICS_PREFIX))
    folder.mkdir(parents=True, exist_ok=True)
    if "prometheus_client" not in sys.modules:  # or this is a reload, and the files are in use
        for file in folder.glob("*.db"):
            if not _is_written(file):
                file.unlink()
    # prometheus_client reads it when it is imported, with the worker class: before gunicorn would set `raw_env`.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    return folder


def _is_written(file: Path) -> bool:
    """Whether the process that it is named after is there: `counter_4711.db`."""
    try:
        os.kill(int(file.stem.rpartition("_")[2]), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        pass
    return True


_metrics = _metrics_folder()


def pre_fork(server: Arbiter, worker: Worker) -> None:
    """No connection and no thread may cross the fork: two processes would speak on one socket."""
    from django.db import connections

    connections.close_all()
    names = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if names:
        logging.getLogger("gunicorn.error").warning("threads started before the fork are lost in it: %s", names)


def child_exit(server: Arbiter, worker: Worker) -> None:
    """A process that has ended is no longer part of the gauges."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid, str(_metrics))  # type: ignore[no-untyped-call]


def on_exit(server: Arbiter) -> None:
    """Remove the folder if it is ours."""
    if _metrics.name.startswith(_METRICS_PREFIX):
        shutil.rmtree(_metrics, ignore_errors=True)
