"""Every route of the platform that declares who may use it, read off the URL configuration: operations and pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.urls import URLPattern, URLResolver, get_resolver

from apps.core.api.permissions import Need, need_of
from apps.core.api.views import ApiView

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")
_NO_IDS = {"number": "1", "version": "1", "service": "business"}  # path parameters that are no ids


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """One method of one path, `/people/{user_id}/`. Pages answer browsers, operations answer programs."""

    path: str
    method: str
    is_page: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def filled(self, value: object = None) -> str:
        """The path with `value` (an id of nothing at all when left out) in the place of each `{name}`."""
        return re.sub(r"\{\w+\}", lambda name: _NO_IDS.get(name[0][1:-1]) or str(value or uuid4()), self.path)


def routes() -> list[Route]:
    """Every operation below /api/v1 and every console page, method by method, in path order."""
    return sorted(route for pattern, path in _patterns(get_resolver()) for route in _routes_of(pattern, path))


def needs_of(route: Route) -> Need | None:
    """What the route declares."""
    for pattern, path in _patterns(get_resolver()):
        if path == route.path:
            return need_of(_declared(pattern.callback), route.method)
    return None


def _patterns(resolver: URLResolver, prefix: str = "/") -> Iterator[tuple[URLPattern, str]]:
    for entry in resolver.url_patterns:
        path = prefix + _CONVERTER.sub(r"{\1}", str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from _patterns(entry, path)
        else:
            yield entry, path


def _routes_of(pattern: URLPattern, path: str) -> Iterator[Route]:
    view_class = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
    if view_class is not None and issubclass(view_class, ApiView):
        methods = [method for method in _METHODS if hasattr(view_class, method.lower())]
        yield from (Route(path, method, False) for method in methods)
        return
    declared = getattr(pattern.callback, "required_permission", None)
    if isinstance(declared, Mapping):
        yield from (Route(path, method, True) for method in _METHODS if method in declared)


def _declared(callback: Any) -> Any:
    view_class = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
    return getattr(view_class or callback, "required_permission", None)
