"""docs/configuration.md lists exactly the variables that the code reads, with their types and defaults."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "configuration.md"
FOLDERS = ("config", "apps/core/embedded")
# A name that is put together begins with one of these.
PREFIXES = ("DATABASE", "BUSINESS_DATABASE")
OF_THE_SYSTEM = {"PATH"}
NAME = re.compile(r"^[A-Z][A-Z0-9_]*$")
ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<type>\w+) \| (?P<default>.+?) \| (?P<meaning>.+) \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Setting:
    """One reading of a variable; `default` as the page writes it, or None where the code computes it."""

    name: str
    type: str | None
    default: str | None
    where: str


def settings_read() -> list[Setting]:
    """Every reading of the environment below FOLDERS, from the source."""
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")) if "tests" not in path.parts]
    return [setting for path in paths for setting in settings_in(ast.parse(path.read_text()), str(path.name))]


def settings_in(tree: ast.AST, where: str) -> Iterator[Setting]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and is_environment(node.value):
            names, type_, default = names_of(node.slice), None, None
        elif isinstance(node, ast.Call):
            names, type_, default = read_by(node)
        else:
            continue
        for name in names:
            yield Setting(name, type_, default, f"{where}:{node.lineno}")


def read_by(call: ast.Call) -> tuple[list[str], str | None, str | None]:
    """Names, type and default of a call, when it reads the environment: `env.int("X", default=1)`,
    `environ.get("X")`, `options.brings("X")`, `_number(environ, "X", …)`.
    """
    function = call.func
    if isinstance(function, ast.Attribute) and call.args:
        if isinstance(function.value, ast.Name) and function.value.id == "env":
            return names_of(call.args[0]), function.attr, default_of(call)
        if (function.attr in {"get", "pop"} and is_environment(function.value)) or function.attr == "brings":
            return names_of(call.args[0]), None, None
    if isinstance(function, ast.Name) and len(call.args) > 1 and is_environment(call.args[0]):
        return names_of(call.args[1]), "int" if function.id == "_number" else None, None
    return [], None, None


def is_environment(node: ast.expr) -> bool:
    """`environ`, `os.environ`, `options.given`."""
    return (isinstance(node, ast.Name) and node.id in {"environ", "given"}) or (
        isinstance(node, ast.Attribute) and node.attr in {"environ", "given"}
    )


def names_of(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.match(node.value):
        return [node.value]
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[-1], ast.Constant):
        return [f"{prefix}{node.values[-1].value}" for prefix in PREFIXES]
    return []


def default_of(call: ast.Call) -> str | None:
    for keyword in call.keywords:
        if keyword.arg == "default":
            try:
                return written(ast.literal_eval(keyword.value))
            except ValueError:
                return None
    return None


def written(value: object) -> str:
    """A default as the page shows it."""
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    if isinstance(value, bool):
        text = text.lower()
    return f"`{text}`" if text else "empty"


READ = settings_read()
DOCUMENTED = {row["name"]: row for row in ROW.finditer(PAGE.read_text())}


def environment_at(**variables: str) -> subprocess.CompletedProcess[str]:
    """What a process says when it reads its settings, started with these variables alone."""
    return subprocess.run(
        [sys.executable, "-c", "from config import settings; print(settings.ENVIRONMENT)"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class TestEnvironment:
    @pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"])
    def test_is_development_on_this_machine(self, url):
        assert environment_at(BASE_URL=url).stdout.strip() == "development"

    @pytest.mark.parametrize("url", ["https://platform.example", "http://10.0.0.7", "https://127.0.0.1.example"])
    def test_must_be_said_anywhere_else(self, url):
        refused = environment_at(BASE_URL=url)

        assert refused.returncode != 0
        assert f"ENVIRONMENT is needed at {url}" in refused.stderr

    def test_of_production_has_no_secret_of_its_own(self):
        refused = environment_at(BASE_URL="https://platform.example", ENVIRONMENT="production")

        assert refused.returncode != 0
        assert "DJANGO_SECRET_KEY is needed" in refused.stderr


class TestConfiguration:
    def test_describes_every_variable_that_is_read(self):
        undocumented = {f"{setting.name} ({setting.where})" for setting in READ if setting.name not in DOCUMENTED}

        assert {one for one in undocumented if one.partition(" ")[0] not in OF_THE_SYSTEM} == set()

    def test_describes_none_that_has_vanished(self):
        assert set(DOCUMENTED) - {setting.name for setting in READ} == set()

    def test_describes_each_once(self):
        assert len(ROW.findall(PAGE.read_text())) == len(DOCUMENTED)

    def test_names_each_type(self):
        wrong = [s.name for s in READ if s.type and DOCUMENTED[s.name]["type"] != s.type]

        assert wrong == []

    def test_names_each_default(self):
        # Read a second time with an empty default is the question whether it is there.
        as_shown = {"empty": {"empty", "not set"}}
        wrong = [
            (s.name, shown, s.default)
            for s in READ
            if s.default and (shown := DOCUMENTED[s.name]["default"]) not in as_shown.get(s.default, {s.default})
        ]

        assert wrong == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('env.float("WAIT_S", default=2)', ("WAIT_S", "float", "`2`")),
        ('env.list("HOSTS", default=["a", "b"])', ("HOSTS", "list", "`a,b`")),
        ('env.int("SIZE", default=12 * 3600)', ("SIZE", "int", None)),
        ('os.environ["HOME_URL"]', ("HOME_URL", None, None)),
        ('self.options.given.get("PLACE") or ""', ("PLACE", None, None)),
        ('_number(environ, "COUNT", 0, 0, 4)', ("COUNT", "int", None)),
    ],
)
def test_reads_are_found(source, found):
    (setting,) = settings_in(ast.parse(source), "source")

    assert (setting.name, setting.type, setting.default) == found
