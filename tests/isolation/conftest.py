"""Two tenants full of data, committed, so that what one sees of the other is the database's doing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from apps.business.demo import seed
from apps.core.auth import SYSTEM_ROLES
from apps.core.db.ids import uuid7
from apps.core.events.subscriptions import groups
from apps.core.events.testing import consume_available, run_relay_once
from apps.core.testing.databases import forget_committed_rows
from tests.callers import Caller, ensure_tenant, make_caller
from tests.contracts.shop import make_programs
from tests.isolation.http import World
from tests.isolation.leaks import grounds


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Tenants `Alphatrix` and `Bravonium` (names that appear nowhere by chance), made once for all tests here."""
    with django_db_blocker.unblock():
        made = made_world()
        try:
            yield made
        finally:
            for ground in made.grounds:
                ground.close()
            forget_committed_rows()


def made_world() -> World:
    tenants = (uuid7(), uuid7())
    names = dict(zip(tenants, ("Alphatrix", "Bravonium"), strict=True))
    callers = {}
    for tenant_id in tenants:
        ensure_tenant(tenant_id, name=names[tenant_id], currency="GBP")
        for role in SYSTEM_ROLES:
            callers[tenant_id, role] = make_caller(tenant_id, role, name=f"{role} of {names[tenant_id]}")
        seed(tenant_id=tenant_id, slug=names[tenant_id].lower())
        make_programs(callers[tenant_id, "owner"])
        hold_an_order(callers[tenant_id, "owner"])
    fill_read_models()
    found = grounds()
    for ground in found:
        ground.learn()
    return World(tenants=tenants, names=names, callers=callers, grounds=found)


def hold_an_order(owner: Caller) -> None:
    """One above its company's limit, so that a saga waits here too; none of those that follow is."""
    client = owner.client()
    product = next(one for one in client.get("/api/v1/stock-levels").json()["data"] if one["on_hand"])
    line = {"product_id": product["product_id"], "quantity": 1}
    for above_minor in (0, 10**12):
        limit = {"above_minor": above_minor}
        client.put("/api/v1/order-review-limits/GBP", limit, content_type="application/json")
        placed = client.post("/api/v1/orders", {"currency": "GBP", "lines": [line]})
        assert placed.status_code == 201, placed.content


def fill_read_models() -> None:
    for alias in settings.PRIMARY_ALIASES:
        run_relay_once(alias)
    for group in groups():
        consume_available(group.name)
