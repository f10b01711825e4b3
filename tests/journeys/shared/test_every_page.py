"""Every page of the console that shows no single object, as an owner sees it with the demonstration's data, and some
that show one.

That takes minutes: `.ci/extra/pages` asks for it.
"""

from __future__ import annotations

import os
import re

import pytest

from tests.authorisation.table import ANYBODY, PERSON, ROWS, SIGNED_IN
from tests.journeys.accessibility import serious
from tests.journeys.client import order_for
from tests.routes import Route, routes

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.skipif("EVERY_PAGE" not in os.environ, reason="EVERY_PAGE asks for every page"),
]
FILES = {"/audit/security/export", "/invoices/file", "/products/file", "/settings/brand.css"}
COUNTERS = re.compile("/(approvals/waiting|open|dead|stuck)$")  # numbers in the navigation
NARROW = {"width": 375, "height": 700}
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def _is_an_owners(route: Route) -> bool:
    """A page that an owner may open, and that shows no single object."""
    alone = set(re.findall(r"\{(\w+)\}", route.path)) <= {"service"}
    may_open = {"owner", ANYBODY, PERSON, SIGNED_IN} & ROWS[str(route)]
    return route.is_page and route.method == "GET" and alone and bool(may_open) and not COUNTERS.search(route.path)


OTHERWISE = {"/access/policies/new?by=text"}
PATHS = sorted({route.filled() for route in routes() if _is_an_owners(route)} - FILES | OTHERWISE)


def test_opens_without_a_complaint_and_fits_a_narrow_screen(signed_in):
    owner = signed_in("owner")
    owner.page.set_viewport_size(NARROW)

    wider = {path: owner.open(path).evaluate(WIDER) for path in PATHS}

    assert {path: by for path, by in wider.items() if by > 0} == {}


def test_has_nothing_serious_for_axe_to_find_in_light_or_dark(signed_in):
    owner = signed_in("owner")

    assert [one for path in PATHS for one in serious(owner.open(path))] == []


def test_of_one_object_or_none_has_nothing_serious_for_axe_to_find_in_light_or_dark(signed_in, visitor, acme):
    product = acme.new_product(stock=2)
    order, cancelled = (acme.post("orders", order_for(product)) for _ in range(2))
    acme.post(f"orders/{cancelled['id']}/cancellation", {"reason": "Ordered twice"})
    person = next(acme.every("users"))
    owner = signed_in("owner")
    orders = [f"/orders/{one['id']}/" for one in (order, cancelled)]

    found = [serious(owner.open(path)) for path in (*orders, f"/products/{product['id']}/", f"/people/{person['id']}/")]
    found += [serious(visitor().open(path)) for path in ("/sign-in/", "/sign-in/company/")]
    found += [serious(signed_in("viewer").open("/people/invite", status=403))]

    assert [one for page in found for one in page] == []
