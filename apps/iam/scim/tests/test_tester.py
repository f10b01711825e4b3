"""scim2-tester, the conformance checks by the authors of scim2-models, against the whole application."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.wsgi import get_wsgi_application
from django.utils import timezone
from httpx2 import Client, WSGITransport
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server, filling
from scim2_tester.checkers import patch_add, patch_replace
from scim2_tester.utils import ResourceManager

from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.scim import commands
from apps.iam.scim.models import Connection
from apps.iam.tenants.tests.factories import TenantFactory

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "business"])
GOOD = {Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE}


@pytest.fixture
def user_names_are_addresses(monkeypatch) -> None:
    """The checks draw a userName at random, and no schema can say that here it is where somebody new is invited."""
    drawn = filling.generate_random_value

    def value(context: Any, path: Any, *args: Any, **kwargs: Any) -> Any:
        found = drawn(context, path, *args, **kwargs)
        return f"{uuid4()}@mail.example" if found is not None and str(path) == "userName" else found

    for module in (filling, patch_add, patch_replace):
        monkeypatch.setattr(module, "generate_random_value", value)


@pytest.fixture
def made_things_are_deleted_once(monkeypatch) -> None:
    """After each check the tester deletes what it made in that one and, once more, in all before."""
    delete = ResourceManager.cleanup

    def cleanup(manager: ResourceManager) -> None:
        delete(manager)
        manager.resources.clear()

    monkeypatch.setattr(ResourceManager, "cleanup", cleanup)


@pytest.fixture
def client() -> Any:
    """Calls pass no socket: thousands of small ones would wait there more than they work."""
    company = TenantFactory()
    with tenant(company.id):
        _, issued = commands.connect(
            kind=Connection.Kind.OTHER,
            name="Tester",
            default_role="viewer",
            sends_invitations=False,
            actor=SYSTEM,
            now=timezone.now(),
        )
    headers = {"Authorization": f"Bearer {issued.secret}"}
    application = WSGITransport(get_wsgi_application(), raise_app_exceptions=False)
    with Client(base_url="http://testserver/scim/v2", headers=headers, transport=application) as http:
        yield SyncSCIMClient(http)


@pytest.mark.usefixtures("user_names_are_addresses", "made_things_are_deleted_once")
def test_every_check_is_passed(client):
    results = check_server(client)

    failed = [
        f"{one.resource_type} {one.title}: {one.status.name}: {one.reason}" for one in results if one.status not in GOOD
    ]
    assert failed == []
    assert len(results) > 100
