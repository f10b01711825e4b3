"""What each process is told through its environment, and nothing more: passwords of owners reach no serving process."""

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from apps.core.embedded import private_json
from apps.core.embedded.options import DATABASES

_KEPT_FOR_COMMANDS = ("_URL", "_URLS", "KAFKA_BOOTSTRAP_SERVERS", "ENVIRONMENT", "DJANGO_SETTINGS_MODULE")
_NOT_INHERITED = (
    *("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKE_TERMOUT", "MAKE_TERMERR"),
    "PYTHONDONTWRITEBYTECODE",  # the second start takes half the time when modules were compiled at the first
)
_OWNER, _RELAY = (tuple(f"{prefix}_{role}_URL" for prefix in DATABASES.values()) for role in ("OWNER", "RELAY"))
_FOR_OWNERS = frozenset(
    {"migrate", "makemigrations", "showmigrations", "sqlmigrate", "optimizemigration", "seed_demo", "create_owner"}
)


@dataclass
class Environment:
    """The variables that all processes share, and beside them those of the owners and of the relays.

    `inherited` is the rest of what was set when the platform was started; a later command has its own.
    """

    inherited: dict[str, str] = field(default_factory=dict, repr=False)
    shared: dict[str, str] = field(default_factory=dict, repr=False)
    owner: dict[str, str] = field(default_factory=dict, repr=False)
    relay: dict[str, str] = field(default_factory=dict, repr=False)

    def add_given(self, environ: Mapping[str, str]) -> None:
        """Take over what the person has set, the URLs of roles apart from the rest."""
        for name, value in environ.items():
            if name in _OWNER:
                self.owner[name] = value
            elif name in _RELAY:
                self.relay[name] = value
            elif name.endswith(_KEPT_FOR_COMMANDS):
                self.shared[name] = value
            elif name not in _NOT_INHERITED:
                self.inherited[name] = value

    def for_web(self) -> dict[str, str]:
        return {**self.inherited, **self.shared}

    def for_relay(self) -> dict[str, str]:
        """For the relay and the workers, which read the event log across tenants."""
        return {**self.for_web(), **self.relay}

    def for_owner(self) -> dict[str, str]:
        """For migrations and first data."""
        return {**self.for_relay(), **self.owner}

    def save(self, file: Path) -> None:
        """Keep what a command in another terminal needs to reach the same servers."""
        private_json.write(file, {"shared": self.shared, "owner": self.owner, "relay": self.relay})


def complete(environ: MutableMapping[str, str], file: Path, command: str) -> None:
    """Let a management command started by hand find the platform of this checkout.

    Changes nothing where DATABASE_URL says which database is meant, or nothing was ever started here.
    """
    saved = private_json.read(file)
    if environ.get("DATABASE_URL") or not saved:
        return
    for name, value in _saved_for(command, saved):
        environ.setdefault(name, value)


def _saved_for(command: str, saved: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    yield from saved["shared"].items()
    yield from saved["relay"].items()
    if command in _FOR_OWNERS:
        yield from saved["owner"].items()
