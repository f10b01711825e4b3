"""System checks of the webhook settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

_AT_LEAST_ONE = (
    *("WEBHOOKS_PER_TENANT", "WEBHOOK_ENDPOINT_CONCURRENCY", "WEBHOOK_TENANT_CONCURRENCY", "WEBHOOK_KEPT_DAYS"),
    *("WEBHOOK_REST_AFTER", "WEBHOOK_RESPONSE_BYTES"),
)
_SLACK_S = 15.0  # for looking the name up, which no timeout of ours ends, and for writing down what came of it


@checks.register("webhooks")
def settings_fit_together(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """A lease that ends while a receiver is still spoken to would have everything posted twice."""
    found: list[checks.CheckMessage] = [
        checks.Error(f"{name} must be at least 1.", id="webhooks.E001")
        for name in _AT_LEAST_ONE
        if getattr(settings, name) < 1
    ]
    if settings.WEBHOOK_LEASE_S < settings.WEBHOOK_TIMEOUT_S + _SLACK_S:
        hint = f"At least {_SLACK_S:.0f} more than WEBHOOK_TIMEOUT_S."
        found.append(checks.Error("WEBHOOK_LEASE_S is too short.", hint=hint, id="webhooks.E002"))
    return found
