"""The API keeps to its own schema, whatever is sent: schemathesis calls each operation with generated input, good and
bad, as the owner of a tenant that has one of everything.

A run of the suite tries a few calls of each operation, others every time. CONTRACT_EXAMPLES=<number> looks thoroughly:
at so many, at the deterministic cases that the schema gives rise to, and at each once more without a token
(`.ci/extra/fuzzers`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from uuid import UUID

import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import TestCase
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as openapi_checks

from apps.core.db.ids import uuid7
from tests.callers import forget_signing_keys
from tests.contracts.shop import Shop, make_shop

THOROUGHLY = "CONTRACT_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "5"))
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
    *([openapi_checks.ignored_auth] if THOROUGHLY else []),  # tests/authorisation asks it of each route
]
# Three of four generated ids are replaced by a real one, or nearly every answer would be a 404.
REAL_IDS_OF_FOUR = 3
_OWNERS = "Bearer the-owner's"
here: dict[str, Shop] = {}


class ContractTests(TestCase):
    """One shop for the operations of a class; each call's traces are rolled back with its operation's test."""

    databases = "__all__"

    @classmethod
    def setUpTestData(cls) -> None:
        forget_signing_keys()
        here["shop"] = make_shop(uuid7())

    @classmethod
    def tearDownClass(cls) -> None:
        del here["shop"]
        super().tearDownClass()


def with_tests_of(operation_ids: Iterable[str]) -> Callable[[type[ContractTests]], type[ContractTests]]:
    """Give a class one test for each of these operations."""

    def add(tests: type[ContractTests]) -> type[ContractTests]:
        for operation_id in operation_ids:
            setattr(tests, f"test_{operation_id}_keeps_to_its_schema", _test_of(operation_id))
        return tests

    return add


def operations_with(*tags: str) -> list[str]:
    """The ids of all operations with one of these tags."""
    return [operation["operationId"] for operation in _operations() if operation["tags"][0] in tags]


def operations_without(*tags: str) -> list[str]:
    """The ids of all operations with other tags than these."""
    return [operation["operationId"] for operation in _operations() if operation["tags"][0] not in tags]


def _operations() -> list[dict[str, Any]]:
    return [operation for methods in documented()["paths"].values() for operation in methods.values()]


@cache
def documented() -> dict[str, Any]:
    """The schema as /api/schema serves it."""
    found: dict[str, Any] = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))
    return found


@cache
def _schema() -> Any:
    schema = schemathesis.openapi.from_dict(documented())
    schema.app = get_wsgi_application()
    schema.config.analysis.constants.enabled = False  # it reads all source code anew for each operation
    schema.auth(refresh_interval=None)(_OwnersToken)
    schema.hook(map_path_parameters)
    return schema


def _can_be_sent(case: schemathesis.Case) -> bool:
    """The client itself fails at a Host that begins like an IPv6 address and is none."""
    hosts = [value for name, value in (case.headers or {}).items() if name.lower() == "host"]
    return not any("[" in host or "]" in host for host in hosts)


def _test_of(operation_id: str) -> Callable[[ContractTests], None]:
    def test(_: ContractTests) -> None:
        schema = _schema()
        operation = schema.find_operation_by_id(operation_id)
        good, bad = (operation.as_strategy(mode, auth_storage=schema.auth) for mode in MODES)

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(good | bad)
        def calls(case: schemathesis.Case) -> None:
            assume(_can_be_sent(case))
            case.call_and_validate(checks=CHECKS)

        with _inside_the_tests_transaction():
            calls()
            for case in _deterministic(operation) if THOROUGHLY else ():
                case.call_and_validate(checks=CHECKS)

    return test


def _deterministic(operation: Any) -> Iterator[schemathesis.Case]:
    """What the schema gives rise to without chance: the edges of each parameter, and what just misses them."""
    config = operation.schema.config.generation_for(operation=operation)
    for case in operation.schema.iter_coverage_cases(operation, generation_modes=MODES, generation_config=config):
        if case.method == operation.method.upper():
            case.headers = {"Authorization": _OWNERS, **(case.headers or {})}
            yield case


class _OwnersToken:
    """Marks where the token belongs: cases are written before there is an owner. Headers given with the call would
    defeat the check of ignored authorisation.
    """

    def get(self, case: schemathesis.Case, context: schemathesis.AuthContext) -> str:
        return _OWNERS

    def set(self, case: schemathesis.Case, data: str, context: schemathesis.AuthContext) -> None:
        case.headers = {**(case.headers or {}), "Authorization": data}


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    if case.headers and case.headers.get("Authorization") == _OWNERS:
        case.headers["Authorization"] = f"Bearer {here['shop'].owner.token()}"


def map_path_parameters(context: schemathesis.HookContext, path_parameters: Any) -> Any:
    known = here["shop"].ids if "shop" in here else {}
    if not path_parameters:
        return path_parameters
    return {name: known.get(name, value) if _wants_real(value) else value for name, value in path_parameters.items()}


def _wants_real(value: object) -> bool:
    """Decided by the value, so that an example can be repeated."""
    try:
        return UUID(str(value)).int % 4 < REAL_IDS_OF_FOUR
    except ValueError:
        return False


@contextmanager
def _inside_the_tests_transaction() -> Iterator[None]:
    """Requests end without closing the connection that the test's transaction lives in, as with Django's own client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
