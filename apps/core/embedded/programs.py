"""How the platform's own processes are run."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from apps.core.embedded.environment import Environment
from apps.core.embedded.options import Options
from apps.core.embedded.process import Program
from apps.core.embedded.state import State

_HERE = Path(__file__).resolve().parents[3]  # where `apps` can be imported
SERVERS, DEPENDENT_SERVERS, APPLICATION = range(3)  # tiers: started upwards, stopped downwards


def application(options: Options, state: State, environment: Environment) -> list[Program]:
    """Web, workers, relay and beat. Long jobs have a worker of their own, so that nothing else waits behind them."""
    gunicorn = ("-m", "gunicorn", "-c", "config/gunicorn.py", "config.asgi:application")
    celery = ("-m", "celery", "-A", "config.celery:app")
    worker = (*celery, "worker", "--loglevel", "INFO", "--without-gossip", "--without-mingle")
    quick = ("--queues", "default,scheduled", "--concurrency", str(options.worker_processes))
    bulk = ("--queues", "bulk", "--concurrency", "1", "--hostname", "bulk@%h")
    schedule = ("-s", str(state.run / "beat-schedule"), "--pidfile=")
    rows = (
        ("web", gunicorn, environment.for_web()),
        ("worker", (*worker, *quick), environment.for_relay()),
        ("bulk", (*worker, *bulk), {**environment.for_relay(), "EVENTS_CONSUME": "none"}),
        ("relay", ("-m", "apps.core.events.relay_process"), environment.for_relay()),
        ("beat", (*celery, "beat", "--loglevel", "INFO", *schedule), environment.for_web()),
    )
    return [_python(name, arguments, options, state.log, env) for name, arguments, env in rows]


def command(name: str, options: Options, log: Path, environment: Environment) -> Program:
    """A management command that runs as owner of the databases. What Django would check of the code, `make check` has:
    for it every view would be imported.
    """
    return _python(name, ("manage.py", name, "--skip-checks"), options, log, environment.for_owner())


def mock_kafka(options: Options, log: Path, addresses: Path) -> Program:
    """librdkafka's mock cluster: three brokers that keep everything in memory."""
    arguments = ("-m", "apps.core.embedded.mock_kafka", str(addresses))
    program = _python("mock-kafka", arguments, options, log, {"PATH": options.given.get("PATH", "")})
    return replace(program, tier=DEPENDENT_SERVERS, stop_timeout_s=2.0, cwd=_HERE)


def _python(
    name: str,
    arguments: tuple[str, ...],
    options: Options,
    log: Path,
    env: Mapping[str, str],
) -> Program:
    return Program(
        name=name,
        argv=(sys.executable, *arguments),
        cwd=options.project,
        log=log / f"{name}.log",
        env={**env, "PYTHONUNBUFFERED": "1"},
        stop_timeout_s=5.5,
        tier=APPLICATION,
    )
