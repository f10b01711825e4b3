"""JSON files that only their owner can read, replaced in one step so that a reader never sees half of one."""

import json
import os
from pathlib import Path
from typing import Any


def write(file: Path, value: object) -> None:
    """Replace the file, mode 600."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        os.fchmod(handle.fileno(), 0o600)
        json.dump(value, handle, indent=2)
        handle.write("\n")
    draft.replace(file)


def read(file: Path) -> Any:
    """What the file holds; None when it is missing or was not written by `write`."""
    try:
        return json.loads(file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
