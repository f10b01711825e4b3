"""Every event that the platform publishes. Needs no app registry, so that the relay may ask too."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec

from django.conf import settings

from apps.core.events.definition import Definition, definitions


def published() -> list[Definition]:
    """The events declared in the installed apps' `events.py`, by name."""
    modules = _modules()
    return [definition for definition in definitions() if definition.cls.__module__ in modules]


def topics() -> list[str]:
    """Where they travel, in order."""
    return sorted({definition.topic for definition in published()})


@cache
def _modules() -> frozenset[str]:
    names = [f"{app}.events" for app in settings.INSTALLED_APPS if app.startswith("apps.") and _has_events(app)]
    for name in names:
        import_module(name)
    return frozenset(names)


def _has_events(app: str) -> bool:
    try:
        return find_spec(f"{app}.events") is not None
    except ModuleNotFoundError:  # the app is named by its configuration class
        return False
