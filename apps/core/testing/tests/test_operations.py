from __future__ import annotations

import pytest

from apps.core.api.views import ApiView
from apps.core.testing import operations


def test_an_operation_is_known_by_method_and_path():
    assert operations.operations()["get_orders_by_order_id"] == "GET /api/v1/orders/{order_id}"


@pytest.mark.django_db
class TestCalls:
    def test_are_noted_when_they_succeed(self, api_client, monkeypatch):
        monkeypatch.setattr(ApiView, "finalize_response", ApiView.finalize_response)  # put back afterwards
        called: set[str] = set()
        operations._listen(called)

        client = api_client("viewer")
        client.get("/api/v1/products")
        client.get("/api/v1/orders", {"colour": "red"})

        assert called == {"GET /api/v1/products"}
