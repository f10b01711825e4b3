"""For whole runs: every operation of the API must have succeeded in some test that asks for it.

Calls by tests that call everything with anything (schemathesis, the isolation fuzzer) do not count.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from typing import Any

import pytest

_ANYTHING = ("tests/contracts/", "tests/isolation/")
_PROPERTY = "api operation"


class OperationPlugin:
    """In test processes it notes which operations a test called; where reports arrive it says which are missing."""

    def __init__(self) -> None:
        self.succeeded: set[str] = set()
        self.missing: list[str] = []
        self._called: set[str] = set()
        _listen(self._called)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        self._called.clear()
        try:
            return (yield)
        finally:
            if not item.nodeid.startswith(_ANYTHING):
                item.user_properties += [(_PROPERTY, operation) for operation in sorted(self._called)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.succeeded |= {str(value) for name, value in report.user_properties if name == _PROPERTY}

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if os.environ.get("PYTEST_XDIST_WORKER"):
            return  # one process of several knows of its own tests only
        self.missing = sorted(name for name, called in operations().items() if called not in self.succeeded)
        if self.missing and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def unmet(self) -> list[str]:
        return [f"no test calls this operation with success: {name}" for name in self.missing]


def operations() -> dict[str, str]:
    """operationId -> what a call of it is noted as."""
    from drf_spectacular.generators import SchemaGenerator

    generator: Any = SchemaGenerator  # untyped
    paths: dict[str, dict[str, Any]] = generator().get_schema(request=None, public=True)["paths"]
    return {
        operation["operationId"]: f"{method.upper()} {path}"
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


def _listen(called: set[str]) -> None:
    """Note `GET /api/v1/orders/{order_id}` for each answer of a view that is no error."""
    from apps.core.api import views

    view_class: Any = views.ApiView
    answered = view_class.finalize_response

    def noting(view: Any, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        if response.status_code < 400 and request.resolver_match is not None:
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", request.resolver_match.route)
            called.add(f"{request.method} /{path}")
        return answered(view, request, response, *args, **kwargs)

    view_class.finalize_response = noting
