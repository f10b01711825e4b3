"""Finds what carries out a facade's calls."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from django.conf import settings

from apps.core.errors import Unavailable


class ServiceNotHere(Unavailable):
    """This process does not hold the service that was asked."""

    code = "service_not_here"


def implementation(service: str) -> ModuleType:
    """The module that answers for a service's facade, `apps.<service>.facade.local`. Raises ServiceNotHere.

    A facade asks at each call, so that importing it does not import the service.
    """
    if service not in settings.SERVICES:
        here = ", ".join(settings.SERVICES)
        raise ServiceNotHere(f"the service {service} is needed, and this process holds only {here}", service=service)
    return import_module(f"apps.{service}.facade.local")
