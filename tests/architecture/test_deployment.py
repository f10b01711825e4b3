"""What `deploy/` says exists and works, as far as a machine without a container engine can tell."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text().replace("\\\n", " ")
GUIDE = (ROOT / "deploy/README.md").read_text()
COMMANDS = re.findall(r"`(python [^`]+)`", GUIDE)


def kept_by_dockerignore() -> set[str]:
    return {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}


def test_what_is_copied_into_the_image_is_there_and_sent_to_the_builder() -> None:
    copied = [line.split()[1] for line in DOCKERFILE.splitlines() if re.match(r"COPY (?!--from)", line)]

    assert set(copied) == kept_by_dockerignore()
    assert all((ROOT / path).exists() for path in copied)


def test_the_image_runs_what_the_guide_calls_web() -> None:
    [told] = re.findall(r"^\| web \| `([^`]+)`", GUIDE, re.MULTILINE)
    [run] = re.findall(r"^CMD \[(.+)\]$", DOCKERFILE, re.MULTILINE)

    assert re.findall(r'"([^"]+)"', run) == shlex.split(told)


def test_the_image_runs_as_nobody_in_particular() -> None:
    assert re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE) == ["10001"]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_of_the_guide_exists(command: str) -> None:
    _, first, second, *_ = [*shlex.split(command), ""]

    assert second in get_commands() if first == "manage.py" else find_spec(second)


def test_static_files_can_be_collected_with_what_the_image_has(tmp_path: Path) -> None:
    """The line of the Dockerfile, in a process that knows nothing else."""
    [line] = re.findall(r"^RUN (.*?collectstatic --noinput)", DOCKERFILE, re.MULTILINE)
    words = shlex.split(line)
    given = dict(word.split("=", 1) for word in words if "=" in word)
    command = [sys.executable, *words[words.index("python") + 1 :], "--dry-run"]

    done = subprocess.run(
        command,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "STATE_DIR": str(tmp_path), **given},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "static files copied" in done.stdout


def test_workers_offer_the_port_that_the_guide_promises() -> None:
    from apps.core.observability.celery_port import OperationsPort
    from config.celery import app

    assert "OPERATIONS_PORT" in GUIDE
    assert OperationsPort in app.steps["worker"]
