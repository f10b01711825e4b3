"""What was published, as files of the repository (`docs/events/`).

`released/OrderPlaced.v1.json` is the contract of a version as of the last release, `fixtures/OrderPlaced.v1.json` an
event of that version as it travelled. Fixtures are written once and never again: they are what must still be read.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings

from apps.core.events.catalogue import published
from apps.core.events.contracts import Contract, contract_of
from apps.core.events.envelope import encode
from apps.core.events.examples import example_of

_FILE = re.compile(r"(?P<event>\w+)\.v(?P<version>\d+)\.json")


def current() -> list[Contract]:
    """The contracts of the newest versions, from the code."""
    return [contract_of(definition) for definition in published()]


def released() -> list[Contract]:
    """The contracts of every version that a release has published, by name and version."""
    return [msgspec.json.decode(path.read_bytes(), type=Contract) for path in _files("released")]


def contracts() -> list[Contract]:
    """Every version there is: the newest from the code, older ones as they were released; by name and version."""
    known = {(one.event, one.version): one for one in [*released(), *current()]}
    return [known[key] for key in sorted(known)]


def fixtures() -> dict[str, bytes]:
    """An event of each version as it travelled, by the name of the version: `OrderPlaced.v1`."""
    return {path.stem: path.read_bytes() for path in _files("fixtures")}


def write_missing_fixtures() -> list[Path]:
    """Write a fixture for each version that has none; returns the new files. Until a release they may be changed."""
    written = []
    for definition in published():
        path = _folder("fixtures") / f"{definition.name}.v{definition.version}.json"
        if not path.exists():
            write_json(path, json.loads(encode(example_of(definition))))
            written.append(path)
    return written


def release() -> list[Path]:
    """What the code declares now is what is released: write it down; returns the files that changed."""
    changed = []
    for contract in current():
        path = _folder("released") / f"{contract.name}.json"
        if write_json(path, msgspec.to_builtins(contract)):
            changed.append(path)
    return changed


def write_json(path: Path, value: Any) -> bool:
    """Write a file that people read and compare; False when it said so already."""
    return write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> bool:
    """Write a file; False when it said so already."""
    if path.exists() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return True


def _files(kind: str) -> list[Path]:
    return sorted((path for path in _folder(kind).glob("*.json")), key=_place)


def _place(path: Path) -> tuple[str, int]:
    match = _FILE.fullmatch(path.name)
    if match is None:
        raise ValueError(f"{path} should be called <Event>.v<version>.json")
    return match["event"], int(match["version"])


def _folder(kind: str) -> Path:
    return Path(settings.EVENTS_DOCS_DIR) / kind
