"""System checks of the job settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register("jobs")
def settings_are_sound(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """A lease that ends between two beats of the pulse would have every job run twice at once."""
    found: list[checks.CheckMessage] = []
    for name in ("JOBS_PULSE_S", "JOBS_SWEEP_INTERVAL_S", "JOBS_HANDOVER_S", "JOBS_KEPT_DAYS"):
        if getattr(settings, name) <= 0:
            found.append(checks.Error(f"{name} must be above 0.", id="jobs.E001"))
    if settings.JOBS_LEASE_S < 5 * settings.JOBS_PULSE_S:
        hint = f"JOBS_PULSE_S is {settings.JOBS_PULSE_S:g}."
        found.append(checks.Error("JOBS_LEASE_S must be at least five beats of the pulse.", hint=hint, id="jobs.E002"))
    return found
