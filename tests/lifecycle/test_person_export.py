"""What is kept about a person comes from every service."""

from __future__ import annotations

import pytest

from apps.business.demo import seed
from apps.business.orders.models import Order
from apps.core.tenancy import tenant
from apps.iam.exports.personal import Subject
from apps.iam.exports.sources import parts_of_person
from tests.callers import make_caller

pytestmark = pytest.mark.django_db


def test_the_orders_somebody_placed_are_theirs_and_no_others(tenant_id):
    zoe, other = make_caller(tenant_id, "clerk"), make_caller(tenant_id, "clerk")
    seed(tenant_id=tenant_id, slug=tenant_id.hex)
    with tenant(tenant_id):
        placed = Order.objects.in_tenant().order_by("id")[:3]
        Order.objects.filter(id__in=[order.id for order in placed]).update(created_by=zoe.user_id)

        parts = {part.file: list(part.rows()) for part in parts_of_person(Subject(zoe.user_id, is_own=True))}
        theirs = {part.file: list(part.rows()) for part in parts_of_person(Subject(other.user_id, is_own=True))}

    assert len(parts["orders.jsonl"]) == 3
    assert theirs["orders.jsonl"] == []
