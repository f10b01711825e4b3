"""System checks of the event settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

from apps.core.events import upcasting
from apps.core.events.catalogue import published

TRANSPORTS = ("postgres", "kafka")
_AT_LEAST_ONE = (
    *("EVENTS_BATCH_SIZE", "EVENTS_MAX_ATTEMPTS", "EVENTS_FLOOD_WINDOW", "EVENTS_INBOX_DAYS"),
    *("EVENTS_REPAIR_BATCH", "EVENTS_SNAPSHOT_EVERY"),
)


@checks.register("events")
def settings_are_known(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """A transport that does not exist would leave every event unread."""
    found: list[checks.CheckMessage] = []
    if settings.EVENTS_TRANSPORT not in TRANSPORTS:
        hint = f"One of: {', '.join(TRANSPORTS)}."
        found.append(checks.Error(f"EVENTS_TRANSPORT is {settings.EVENTS_TRANSPORT!r}.", hint=hint, id="events.E001"))
    for name in _AT_LEAST_ONE:
        if getattr(settings, name) < 1:
            found.append(checks.Error(f"{name} must be at least 1.", id="events.E002"))
    return found


@checks.register("events")
def every_version_can_be_lifted(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Without a step in the chain, events of that version and of those below would be parked wherever they are read."""
    hint = "Declare it below the event, with @upcasts(…, from_version=…)."
    return [
        checks.Error(f"{name} has no upcaster from version {version}.", hint=hint, id="events.E003")
        for name, version in upcasting.gaps(published())
    ]
