"""Building read models again by API and in the console, as the platform's staff do."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.business.orders.handlers import ORDER_SUMMARY
from apps.business.orders.models import OrderSummary
from apps.business.orders.tests.factories import place
from apps.business.orders.tests.test_replay import handle_everything
from apps.core.projections import tables
from apps.core.projections.models import Rebuild
from apps.core.projections.queries import newest_rebuild
from apps.core.projections.tasks import SILENCE, build, sweep
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.users.tests.factories import UserFactory
from tests.callers import Caller

pytestmark = pytest.mark.django_db(databases=["default", "business"], transaction=True)

PATH = "/api/v1/services/business/projections"
PAGE = "/services/business/projections/"


@pytest.fixture
def staff():
    one = UserFactory(is_platform_staff=True, name="Sam Staff")
    return Caller(one.id, PLATFORM, "", one.email)


@pytest.fixture
def orders(tenant_id):
    with tenant(tenant_id):
        found = [place(), place()]
        handle_everything()
    yield found
    tables.drop(ORDER_SUMMARY, tables.SHADOW)
    tables.drop(ORDER_SUMMARY, tables.PREVIOUS)


def test_are_built_compared_put_in_place_and_taken_back_by_api(staff, orders, tenant_id):
    client, path = staff.client(), f"{PATH}/order_summary"
    with tenant(tenant_id):
        OrderSummary.objects.filter(id=orders[0].id).update(number="wrong")

    begun = client.post(f"{path}/rebuilds")
    build(projection="order_summary")
    (listed,) = [one for one in client.get(PATH).json()["data"] if one["name"] == "order_summary"]
    placed = client.post(f"{path}/placement").json()["data"]
    with tenant(tenant_id):
        right = OrderSummary.objects.get(id=orders[0].id).number
    back = client.delete(f"{path}/placement").json()["data"]

    assert (begun.status_code, begun.json()["data"]["state"]) == (202, "building")
    found = listed["rebuild"]["differences"]["orders_ordersummary"]
    assert (listed["rebuild"]["state"], found["changed"]) == ("ready", 1)
    assert found["samples"][0]["key"] == [str(orders[0].id)]
    assert (placed["state"], placed["placed_by_name"], right) == ("in_place", "Sam Staff", orders[0].number)
    assert (back["state"], back["ended_by_name"]) == ("rolled_back", "Sam Staff")
    assert len(client.get(f"{path}/rebuilds").json()["data"]) == 1


def test_are_thrown_away_when_nobody_wants_them(staff, orders):
    client, path = staff.client(), f"{PATH}/order_summary"
    client.post(f"{path}/rebuilds")
    build(projection="order_summary")

    discarded = client.delete(f"{path}/shadow")

    assert (discarded.status_code, discarded.json()["data"]["state"]) == (200, "discarded")
    assert client.post(f"{path}/placement").json()["code"] == "shadow_not_ready"


def test_say_what_cannot_be_done(staff, orders):
    client = staff.client()

    unknown = client.post(f"{PATH}/nonsense/rebuilds")
    elsewhere = client.post("/api/v1/services/iam/projections/order_summary/rebuilds")
    nothing = [client.post(f"{PATH}/order_summary/placement"), client.delete(f"{PATH}/order_summary/shadow")]

    assert (unknown.status_code, elsewhere.status_code) == (404, 404)
    assert "order_summary" in unknown.json()["detail"]
    assert [(answer.status_code, answer.json()["code"]) for answer in nothing] == [(409, "shadow_not_ready")] * 2


def test_are_shown_and_built_in_the_console(staff, orders):
    browser = Client(headers={"authorization": f"Bearer {staff.token()}", "accept": "text/html"})

    before = browser.get(PAGE).content.decode()
    browser.post(f"{PAGE}order_summary/build")
    building = browser.get(PAGE).content.decode()
    build(projection="order_summary")
    ready = browser.get(PAGE).content.decode()
    told = browser.post(f"{PAGE}order_summary/placement", follow=True).content.decode()

    assert "Build again" in before and 'href="/services/iam/projections/"' in before
    assert 'hx-trigger="every 2s"' in building and "<progress" in building
    assert "No row differs" in ready and "Put in place" in ready
    assert "In place" in told and "Take back" in told


def test_know_no_other_deeds(staff):
    browser = Client(headers={"authorization": f"Bearer {staff.token()}", "accept": "text/html"})

    answer = browser.post(f"{PAGE}order_summary/nonsense")

    assert (answer.status_code, b"There is nothing here" in answer.content) == (404, True)


def test_of_a_service_without_any_are_none(staff):
    browser = Client(headers={"authorization": f"Bearer {staff.token()}", "accept": "text/html"})

    assert "keeps no read models" in browser.get("/services/iam/projections/").content.decode()


def test_go_on_being_built_when_a_worker_died(staff, orders, monkeypatch):
    staff.client().post(f"{PATH}/order_summary/rebuilds")
    carried_on = []
    monkeypatch.setattr(build, "apply_async", lambda kwargs: carried_on.append(kwargs["projection"]))
    sweep()
    made = newest_rebuild(ORDER_SUMMARY)
    Rebuild.objects.using("business").filter(id=made.id).update(heard_at=made.heard_at - SILENCE)

    sweep()

    assert carried_on == ["order_summary"]
