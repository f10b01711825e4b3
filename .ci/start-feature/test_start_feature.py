"""`manage.py start_feature` in a copy of this checkout: what it writes passes every check that there is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

ROOT = Path(__file__).resolve().parents[2]
FEATURES = ("business/returns", "iam/badges")
TIMEOUT_S = 280
# Coverage would count the copy; the servers, secrets and plugins are those of this session.
FOREIGN = ("COVERAGE", "PYTEST", "DATABASE", "BUSINESS_DATABASE", "REDIS", "CACHE_REDIS", "DJANGO", "STATE_DIR")


@dataclass(frozen=True)
class Checkout:
    """A copy of the checkout to work in."""

    root: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's programs; both outputs come as one text."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return subprocess.run(
            [self.root / ".venv" / "bin" / command[0], *command[1:]],
            cwd=self.root,
            env={**kept, "ENVIRONMENT": "development", "STATE_DIR": str(self.root / "var")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    def passes(self, *command: str) -> bool:
        """Whether the program ends well; shows what it said if not."""
        done = self.run(*command)
        assert done.returncode == 0, done.stdout[-6000:]
        return True

    def folders(self) -> list[str]:
        return [f"apps/{feature}" for feature in FEATURES]


def copied(target: Path) -> Checkout:
    """The files of this checkout, tracked or not yet, and its virtual environment."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    (target / ".venv").symlink_to(ROOT / ".venv")
    if (ROOT / ".mypy_cache").is_dir():  # what was checked here need not be checked again there
        shutil.copytree(ROOT / ".mypy_cache", target / ".mypy_cache")
    return Checkout(target)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """With both features started."""
    copy = copied(tmp_path_factory.mktemp("checkout"))
    for feature in FEATURES:
        copy.passes("python", "manage.py", "start_feature", feature)
    yield copy
    shutil.rmtree(copy.root, ignore_errors=True)


class TestAStartedFeature:
    def test_is_linted_and_formatted(self, checkout):
        edited = [f"apps/{service}/{name}.py" for service in ("business", "iam") for name in ("urls", "service")]
        files = [*checkout.folders(), *edited, "config/services.py"]

        assert checkout.passes("ruff", "check", *files)
        assert checkout.passes("ruff", "format", "--check", *files)

    def test_stays_inside_the_boundaries(self, checkout):
        assert checkout.passes("lint-imports", "--no-cache")

    def test_has_right_types(self, checkout):
        packages = [part for folder in checkout.folders() for part in ("-p", folder.replace("/", "."))]

        assert checkout.passes("mypy", *packages)

    def test_has_all_its_migrations(self, checkout):
        assert checkout.passes("python", "manage.py", "makemigrations", "--check", "--dry-run")

    def test_is_described_in_the_schema_without_warnings(self, checkout):
        described = ("manage.py", "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull)

        assert checkout.passes("python", *described)

    def test_is_green_and_kept_apart_by_tenant(self, checkout):
        tests = [*checkout.folders(), "tests/architecture/test_tables.py", "-k", "returns or badges"]

        assert checkout.passes("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)


# What `manage.py start_feature` says to each of the wishes, and how it ends: one start of Django for all of them.
_TRY = """
import contextlib, io, json, sys
import manage
answers = []
for words in json.loads(sys.argv.pop()):
    sys.argv[1:] = ["start_feature", *words]
    said, code = io.StringIO(), 0
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            manage.main()
        except SystemExit as ended:
            code = ended.code
    answers.append([code, said.getvalue()])
print(json.dumps(answers))
"""


class TestTheCommand:
    WRONG: ClassVar = [
        (["business/orders"], "already"),
        (["business/admin"], "already"),
        (["gateway/returns"], "is not <service>/<feature>"),
        (["business/Returns"], "is not <service>/<feature>"),
        (["returns"], "is not <service>/<feature>"),
        (["business/returns2", "--model", "return"], "is no name of a model"),
    ]

    def test_says_what_is_wrong_and_writes_nothing(self, checkout):
        before = sorted(checkout.root.glob("apps/*/*"))

        done = checkout.run("python", "-c", _TRY, json.dumps([words for words, _ in self.WRONG]))

        assert done.returncode == 0, done.stdout
        answers = json.loads(done.stdout.splitlines()[-1])
        assert len(answers) == len(self.WRONG)
        for (words, reason), (code, said) in zip(self.WRONG, answers, strict=True):
            assert code == 1, words
            assert reason in said, words
            assert "Traceback" not in said, words
        assert sorted(checkout.root.glob("apps/*/*")) == before
