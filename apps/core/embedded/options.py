"""What the person who starts the platform asked for, read from the environment and checked."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from apps.core.embedded.errors import BadOption

DEFAULT_PORT = 8000
DATABASES = {"default": "DATABASE", "business": "BUSINESS_DATABASE"}
_TRANSPORTS = ("postgres", "kafka")


@dataclass(frozen=True)
class Options:
    """Sizes, places, and the servers that are already there."""

    project: Path
    state: Path
    port: int
    port_given: bool
    web_processes: int
    web_threads: int
    worker_processes: int
    replicas: int
    demo: bool
    transport: str
    given: Mapping[str, str]

    def brings(self, variable: str) -> bool:
        """Whether the person names a server for this URL, so that none is started here."""
        return bool(self.given.get(variable))

    @property
    def own_databases(self) -> list[str]:
        """The databases that our own PostgreSQL server holds."""
        return [database for database, prefix in DATABASES.items() if not self.brings(f"{prefix}_URL")]

    @property
    def sizes(self) -> str:
        return (
            f"{_counted(self.web_processes, 'web process', 'es')} with {_counted(self.web_threads, 'thread')} each, "
            f"{_counted(self.worker_processes, 'worker process', 'es')}, {_counted(self.replicas, 'replica')}"
        )


def state_folder(project: Path, environ: Mapping[str, str]) -> Path:
    """STATE_DIR, relative to the checkout; `var` in it by default."""
    return Path(os.path.normpath(project / (environ.get("STATE_DIR") or "var")))


def options_from(project: Path, environ: Mapping[str, str]) -> Options:
    """Read and check every variable that sizes or places the platform. Raises BadOption naming the wrong one."""
    _only(environ, "TOPOLOGY", "one")
    _only(environ, "DATABASES", "shared")
    cores = max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    options = Options(
        project=project,
        state=state_folder(project, environ),
        port=_number(environ, "PORT", DEFAULT_PORT, 1, 65535),
        port_given=bool(environ.get("PORT")),
        # Two of each already survive the death of one; more than four need a reason.
        web_processes=_number(environ, "WEB_PROCESSES", min(max(2, cores), 4), 1, 64),
        web_threads=_number(environ, "WEB_THREADS", 8, 1, 128),
        worker_processes=_number(environ, "WORKER_PROCESSES", min(max(2, cores // 2), 4), 1, 64),
        replicas=_number(environ, "REPLICAS", 0, 0, 4),
        demo=_number(environ, "DEMO", 1, 0, 1) == 1,
        transport=_one_of(environ, "EVENTS_TRANSPORT", _TRANSPORTS),
        given=environ,
    )
    _check_given(options)
    return options


def _check_given(options: Options) -> None:
    for database, prefix in DATABASES.items():
        if options.brings(f"{prefix}_URL"):
            if not options.brings(f"{prefix}_RELAY_URL"):
                raise BadOption(f"{prefix}_URL is given without {prefix}_RELAY_URL: the relay has a role of its own.")
        elif options.brings(f"{prefix}_OWNER_URL") or options.brings(f"{prefix}_RELAY_URL"):
            raise BadOption(f"The owner's or relay's URL of database {database} is given without {prefix}_URL.")
    if options.replicas and not options.own_databases:
        raise BadOption("REPLICAS sizes our own PostgreSQL server; name your own standbys with DATABASE_REPLICA_URLS.")


def _only(environ: Mapping[str, str], name: str, value: str) -> None:
    if environ.get(name, value) != value:
        raise BadOption(f"{name}={environ[name]} is not available in this version: only {name}={value} is.")


def _one_of(environ: Mapping[str, str], name: str, values: tuple[str, ...]) -> str:
    value = environ.get(name) or values[0]
    if value not in values:
        raise BadOption(f"{name}={value} is unknown: use {' or '.join(values)}.")
    return value


def _number(environ: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise BadOption(f"{name}={text} must be a whole number from {least} to {most}.")
    return int(text)


def _counted(number: int, noun: str, plural: str = "s") -> str:
    return f"{number} {noun}{'' if number == 1 else plural}"
