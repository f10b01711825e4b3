"""House rules that import graphs do not show, read off the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EMPTY_NAMES = {"utils.py", "helpers.py", "common.py", "misc.py", "manager.py"}


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts and "tests" not in path.parts:
                yield path


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def made_aware(path: Path) -> set[tuple[int, int]]:
    """Where `.astimezone()` is called on something: the local time of a person at a terminal."""
    chained = (call.func for call in calls(path) if isinstance(call.func, ast.Attribute))
    return {(f.value.lineno, f.value.col_offset) for f in chained if f.attr == "astimezone"}


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def where(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


class TestSources:
    def test_name_modules_for_what_is_inside(self):
        assert [str(p) for p in sources("apps", "config") if p.name in EMPTY_NAMES] == []

    def test_read_the_environment_in_one_place_only(self):
        allowed = {"config/env.py", "apps/core/testing", "apps/core/embedded", "config/gunicorn.py", "manage.py"}
        offenders = [
            str(path.relative_to(ROOT))
            for path in sources("apps", "config")
            if re.search(
                r"\bos\.(environ(?!\.setdefault\(.(DJANGO_SETTINGS_MODULE|CELERY_SKIP_CHECKS))|getenv)\b",
                path.read_text(),
            )
            and not str(path.relative_to(ROOT)).startswith(tuple(allowed))
        ]

        assert offenders == []

    def test_open_no_transaction_without_naming_its_database(self):
        bare = [
            where(path, call)
            for path in sources("apps")
            for call in calls(path)
            if dotted(call.func) in {"transaction.atomic", "atomic"}
            and not (call.args or any(k.arg == "using" for k in call.keywords))
        ]

        assert bare == []

    def test_risk_a_commit_for_nothing_that_may_fail(self):
        """`try_after_commit` names what failed; Django itself fails at a callback that has no name."""
        robust = [
            where(path, call)
            for path in sources("apps")
            if "on_commit" in path.read_text()
            for call in calls(path)
            if dotted(call.func).endswith("on_commit") and any(k.arg == "robust" for k in call.keywords)
        ]

        assert [place.split(":")[0] for place in robust] == ["apps/core/db/after_commit.py"]

    def test_reach_no_model_of_another_service_by_its_name(self):
        by_name = [
            where(path, call)
            for path in sources("apps/iam", "apps/business", "apps/gateway")
            for call in calls(path)
            if dotted(call.func).endswith("get_model")
        ]

        assert by_name == []

    def test_use_no_naive_time(self):
        naive = [
            where(path, call)
            for path in sources("apps", "config")
            for call in calls(path)
            if dotted(call.func) in {"datetime.utcnow", "datetime.now", "datetime.datetime.now"}
            and not (call.args or call.keywords)
            and (call.lineno, call.col_offset) not in made_aware(path)
        ]

        assert naive == []

    def test_query_no_model_in_a_view(self):
        """Views and pages call commands and queries; the ORM is theirs."""
        offenders = [
            where(path, node)
            for path in sources("apps/iam", "apps/business", "apps/gateway")
            if path.name in {"api.py", "pages.py"}
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute) and node.attr in {"objects", "with_deleted"}
        ]

        assert offenders == []

    def test_write_nothing_in_a_query(self):
        verbs = {
            "save",
            "create",
            "bulk_create",
            "update",
            "bulk_update",
            "delete",
            "update_or_create",
            "get_or_create",
        }
        offenders = [
            where(path, call)
            for path in sources("apps/iam", "apps/business")
            if path.name == "queries.py"
            for call in calls(path)
            if isinstance(call.func, ast.Attribute) and call.func.attr in verbs
        ]

        assert offenders == []


@pytest.mark.parametrize("path", sorted((ROOT / "apps").glob("*/*/")), ids=lambda p: str(p.relative_to(ROOT)))
class TestFeatures:
    def test_have_tests_of_their_own(self, path):
        feature = (path / "__init__.py").exists() and path.name not in {"facade", "tests"}
        if path.parent.name == "core" or not feature:
            return
        assert list((path / "tests").glob("test_*.py")), "a feature's tests lie beside it"
