"""Settings that do not fit together."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.webhooks.checks import settings_fit_together


def test_are_fine_as_they_come() -> None:
    assert settings_fit_together(None) == []


@pytest.mark.parametrize(
    ("name", "value", "id_"),
    [("WEBHOOK_LEASE_S", 20.0, "webhooks.E002"), ("WEBHOOK_ENDPOINT_CONCURRENCY", 0, "webhooks.E001")],
)
def test_are_named_when_they_are_wrong(settings: Any, name: str, value: float, id_: str) -> None:
    setattr(settings, name, value)

    assert [error.id for error in settings_fit_together(None)] == [id_]
