"""How a path finds its view among the routes of many features."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from typing import Any

from django.urls import ResolverMatch, URLPattern, URLResolver, include, path
from django.urls.exceptions import Resolver404
from django.urls.resolvers import RoutePattern

_Route = URLPattern | URLResolver


class Features(URLResolver):
    """Sets of routes, tried in order; of those that cannot match, by the literal text that they begin with, none is.

    Django tries each route of each and lists all that did not match, for a page that only developers see: of a small
    request a seventh.
    """

    @cached_property
    def _candidates(self) -> list[tuple[frozenset[str], tuple[str, ...], _Route]]:
        """With each set the whole paths that it has, and what others may follow."""
        return [(frozenset(_texts(one, True)), tuple(set(_texts(one, False))), one) for one in _sets(self)]

    def resolve(self, path: Any) -> ResolverMatch:
        """Raises Resolver404."""
        path = str(path)
        for whole, beginnings, routes in self._candidates:
            if path in whole or path.startswith(beginnings):
                with suppress(Resolver404):
                    if found := routes.resolve(path):
                        return found
        raise Resolver404({"path": path, "tried": []})


def features(urls: Iterable[str]) -> Features:
    """As `path("", include(…))` for each of these modules."""
    return Features(RoutePattern(""), [path("", include(one)) for one in urls])


def _sets(routes: _Route) -> Iterator[_Route]:
    """What only gathers other sets is no set of its own."""
    for one in _below(routes):
        gathers = isinstance(one, URLResolver) and all(
            isinstance(below, URLResolver) and not str(below.pattern) for below in _below(one)
        )
        yield from _sets(one) if gathers else [one]


def _texts(route: _Route, is_whole: bool) -> Iterator[str]:
    """Of a route and all below it: the paths that it is, or else the texts that paths of it begin with."""
    literal, below = _literal(route), _below(route)
    takes_nothing = literal == str(route.pattern)
    if takes_nothing and below:
        yield from (literal + text for one in below for text in _texts(one, is_whole))
    elif is_whole == (takes_nothing and not below):
        yield literal


def _below(route: _Route) -> list[_Route]:
    return route.url_patterns if isinstance(route, URLResolver) else []


def _literal(route: _Route) -> str:
    """What a route's own part begins with: all of it, where it takes no values."""
    return str(route.pattern).partition("<")[0] if isinstance(route.pattern, RoutePattern) else ""
