"""Wherever somebody is in the console, the navigation says so."""

from __future__ import annotations

import re
from typing import cast
from uuid import uuid4

import pytest
from django.template import Context, Engine
from django.test import RequestFactory

from apps.core.auth import Principal
from tests.routes import needs_of, routes

# A person's own pages, what mail leads to, what programs ask for, and the shop, which is no part of the console.
ELSEWHERE = (
    "/account/",
    "/email/",
    "/invitation/",
    "/mail/",
    "/pay/",
    "/scim/",
    "/services/{service}/files/",
    "/settings/brand.css",
    "/shop/",
    "/sign-in/",
)


class Everything(frozenset[str]):
    """The permissions of who may do anything."""

    def __contains__(self, permission: object) -> bool:
        return True


@pytest.fixture(scope="module")
def navigation():
    """`navigation(path)`: the entries that are marked when that page is shown to somebody who may do anything."""
    source = Engine.get_default().get_template("shell/_navigation.html")
    principal = Principal(
        subject=uuid4(), kind="user", tenant_id=uuid4(), permissions=cast(frozenset[str], Everything())
    )

    def marked(path: str) -> set[str]:
        request = RequestFactory().get(path)
        request.principal = principal
        shown = source.render(Context({"request": request}))
        return set(re.findall(r'href="([^"]+)"\s+aria-current', shown))

    return marked


def test_every_page_of_the_console_belongs_to_one_entry(navigation):
    pages = [route for route in routes() if route.is_page and route.method == "GET" and needs_of(route)]
    strays = {
        route.path: found
        for route in pages
        if not route.path.startswith(ELSEWHERE) and len(found := navigation(route.filled())) != 1
    }

    assert strays == {}
    assert len(pages) > 100


def test_categories_are_among_the_products(navigation):
    assert navigation("/categories/") == navigation("/products/") == {"/products/"}
