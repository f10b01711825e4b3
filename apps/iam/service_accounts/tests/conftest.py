from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.core.history import SYSTEM
from apps.iam.service_accounts import commands
from apps.iam.service_accounts.tests.factories import ServiceAccountFactory


@pytest.fixture
def account(company) -> Any:
    """A service account of the company's: a clerk."""
    return ServiceAccountFactory(name="Nightly import")


@pytest.fixture
def key_of() -> Any:
    """Makes a key: `key_of(account, scopes=["orders.view"])` gives its row and the key itself."""

    def make(account: Any, **facts: Any) -> commands.Issued:
        said = {"name": "server 1", "actor": SYSTEM, "now": timezone.now(), **facts}
        return commands.create_key(holder_id=account.id, **said)

    return make


@pytest.fixture
def caller() -> Any:
    """A client that sends a key: `caller(key)`, or `caller(key, header="authorization")`."""

    def make(key: str, *, header: str = "x-api-key", **extra: Any) -> Client:
        value = key if header == "x-api-key" else f"Bearer {key}"
        return Client(headers={header: value, "accept": "application/json"}, **extra)

    return make


@pytest.fixture
def told(published) -> Any:
    """What the security log was told of a kind: `told("api_key.created")`."""
    return lambda kind: [event for event in published.events() if getattr(event, "kind", "") == kind]
