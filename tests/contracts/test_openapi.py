"""The API keeps to its own schema, whatever is sent: schemathesis calls each operation with generated input, good and
bad, as the owner of a tenant that has one of everything.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from tests.contracts.shop import Shop, make_shop

EXAMPLES = 25
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.ignored_auth,
]
# Three of four generated ids are replaced by a real one, or nearly every answer would be a 404.
REAL_IDS_OF_FOUR = 3


def documented() -> dict[str, Any]:
    """The schema as /api/schema serves it."""
    found: dict[str, Any] = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))
    return found


schema = schemathesis.openapi.from_dict(documented())
schema.app = get_wsgi_application()
schema.config.analysis.constants.enabled = False  # it reads all source code anew for each operation
here: dict[str, Shop] = {}


@schema.auth(refresh_interval=None)
class OwnersToken:
    """Marks where the token belongs: cases are written before there is an owner. Headers given with the call would
    defeat the check of ignored authorisation.
    """

    def get(self, case: schemathesis.Case, context: schemathesis.AuthContext) -> str:
        return "Bearer the-owner's"

    def set(self, case: schemathesis.Case, data: str, context: schemathesis.AuthContext) -> None:
        case.headers = {**(case.headers or {}), "Authorization": data}


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    if case.headers and case.headers.get("Authorization") == "Bearer the-owner's":
        case.headers["Authorization"] = f"Bearer {here['shop'].owner.token()}"


@schema.hook
def map_path_parameters(context: schemathesis.HookContext, path_parameters: Any) -> Any:
    known = here["shop"].ids if "shop" in here else {}
    if not path_parameters:
        return path_parameters
    return {name: known.get(name, value) if wants_real(value) else value for name, value in path_parameters.items()}


def wants_real(value: object) -> bool:
    """Decided by the value, so that an example can be repeated."""
    try:
        return UUID(str(value)).int % 4 < REAL_IDS_OF_FOUR
    except ValueError:
        return False


@pytest.fixture
def shop(db: None, tenant_id: UUID) -> Iterator[Shop]:
    here["shop"] = make_shop(tenant_id)
    with inside_the_tests_transaction():
        yield here["shop"]
    del here["shop"]


@contextmanager
def inside_the_tests_transaction() -> Iterator[None]:
    """Requests end without closing the connection that the test's transaction lives in, as with Django's own client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def written_test(operation_id: str) -> Any:
    """The test of one operation, which needs an id of its own: a parallel run takes one test of each id."""

    def test(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS)

    test.__name__ = test.__qualname__ = f"test_{operation_id}_keeps_to_its_schema"
    bounded = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    written = schema.include(operation_id=operation_id).parametrize()(bounded(test))
    return pytest.mark.usefixtures("shop")(pytest.mark.django_db(written))


globals().update(
    {
        f"test_{operation['operationId']}_keeps_to_its_schema": written_test(operation["operationId"])
        for methods in documented()["paths"].values()
        for operation in methods.values()
    }
)


def test_each_operation_is_tested() -> None:
    tested = {name for name in globals() if name.endswith("_keeps_to_its_schema")}

    assert len(tested) == sum(len(methods) for methods in documented()["paths"].values())
