"""Whichever way a path finds its view, it finds the one that Django finds by trying every route in turn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.urls import Resolver404, URLPattern, URLResolver
from django.urls.resolvers import RegexPattern

from apps.core.web.routing import Features
from config.urls import urlpatterns

_VALUES = {"uuid": str(uuid4()), "int": "3", "service": "iam"}
_OTHERS = ("", "nowhere", "api", "api/v1/nowhere/x", "orders", "Orders/", "orders/nowhere/", "admin/nowhere/")


def _leaves(routes: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for route in routes:
        text = before + str(route.pattern)
        yield from _leaves(route.url_patterns, text) if isinstance(route, URLResolver) else [text]


def _path(route: str) -> str:
    return re.sub(r"<(?:(\w+):)?[^>]+>", lambda found: _VALUES.get(found[1] or "", "abc"), route)


def _found(resolver: URLResolver, path: str) -> tuple | None:
    try:
        match = resolver.resolve(f"/{path}")
    except Resolver404:
        return None
    return match.func, match.kwargs, match.route, match.view_name, match.app_names


def test_each_path_leads_to_the_same_view_as_with_djangos_own_way():
    plain = [part for route in urlpatterns for part in (route.url_patterns if isinstance(route, Features) else [route])]
    ours, djangos = (URLResolver(RegexPattern("^/"), routes) for routes in (urlpatterns, plain))
    paths = [*map(_path, _leaves(urlpatterns)), *_OTHERS]

    assert [path for path in paths if _found(ours, path) != _found(djangos, path)] == []
    assert sum(_found(ours, path) is not None for path in paths) > 0.9 * len(paths)


@pytest.mark.parametrize("path", ["", "orders/", "api/v1/orders"])
def test_a_known_path_is_found(path):
    assert _found(URLResolver(RegexPattern("^/"), urlpatterns), path)
