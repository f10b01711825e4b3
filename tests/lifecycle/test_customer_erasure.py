"""A customer goes: nothing personal of them can be read any more, and the company's books add up as before."""

from __future__ import annotations

import io
from importlib import import_module
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from apps.business.addresses import Address
from apps.business.orders import commands, queries, tasks
from apps.business.orders.errors import CustomerHasOpenOrders, CustomerIsErased
from apps.business.orders.models import Customer, Order
from apps.business.orders.tests.factories import ADA, place
from apps.core.crypto.keys import forget_keys
from apps.core.crypto.tokens import ERASED
from apps.core.events.envelope import decode, encode
from apps.core.events.log import stream
from apps.core.history.changes import changes
from apps.core.tenancy import tenant
from tests.callers import ensure_tenant
from tests.lifecycle.databases import backup, restore, tables_with

pytestmark = pytest.mark.django_db(transaction=True)
NAME, EMAIL = "Quillon Zephyrine", "quillon@zephyrine.example"
TOLD = ("Quillon", "Zephyrin", "Featherstone", "Marzipan")
# Papers are kept as they were printed: ADR 36.
PAPERS = {"invoicing_invoice"}


@pytest.fixture
def quillon(in_tenant: UUID) -> Customer:
    """A customer with an address and another name before, who ordered, cancelled and says why."""
    ensure_tenant(in_tenant)
    new = commands.NewCustomer(code="Q1", name="Quillon Featherstone", email=EMAIL)
    customer = commands.create_customer(customer=new, actor=ADA, now=timezone.now())
    home = Address(name=NAME, lines="7 Marzipan Lane", city="Leeds", country="GB", postal_code="LS1")
    commands.add_address(customer_id=customer.id, address=home, actor=ADA)
    order = place(customer_id=customer.id, note="Ring for Quillon")
    commands.cancel_order(order_id=order.id, reason="Quillon moved", actor=ADA, now=timezone.now())
    return commands.update_customer(customer_id=customer.id, changes={"name": NAME}, actor=ADA, now=timezone.now())


def erase(customer: Customer, reason: str = "asked for it") -> Customer:
    return commands.erase_customer(customer_id=customer.id, reason=reason, actor=ADA, now=timezone.now())


def envelopes_of(customer: Customer):
    orders = Order.objects.in_tenant().filter(customer_id=customer.id)
    return [one for order in orders for one in stream(order.id, using="business")]


def leaks() -> set[str]:
    return tables_with(*TOLD) - PAPERS


class TestErasing:
    def test_leaves_nothing_of_them_in_any_table_or_message(self, quillon, drain):
        drain()
        in_kafka = [encode(envelope) for envelope in envelopes_of(quillon)]
        assert "orders_customer" in leaks(), "the search finds what is there"
        assert "orders_customeraddress" not in leaks(), "what is sealed is not found"

        erased = erase(quillon)

        assert leaks() == set()
        assert (erased.name, erased.email, erased.code) == (ERASED, ERASED, "Q1")
        assert not any(text in str(decode(message).plain_payload()) for message in in_kafka for text in TOLD)
        assert drain() >= 1, "the log is handled as ever"

    def test_says_who_did_it_and_why_and_tells_it_once(self, quillon, published):
        erase(quillon)
        erase(quillon)
        tasks.erase_customers_again()

        told = [one.event() for one in published.envelopes() if one.event_type == "CustomerErased"]
        assert [one.customer_id for one in told] == [quillon.id]
        newest = changes(Customer, entity_id=quillon.id)[0]
        assert (newest.actor_name, newest.reason, list(newest.after)) == ("Ada", "asked for it", ["erased_at"])

    def test_waits_until_their_orders_are_over_and_ends_their_buying(self, quillon):
        order = place(customer_id=quillon.id)
        with pytest.raises(CustomerHasOpenOrders):
            erase(quillon)
        commands.cancel_order(order_id=order.id, reason="", actor=ADA, now=timezone.now())

        erase(quillon)

        with pytest.raises(CustomerIsErased):
            place(customer_id=quillon.id)
        with pytest.raises(CustomerIsErased):
            commands.update_customer(customer_id=quillon.id, changes={"name": NAME}, actor=ADA, now=timezone.now())

    def test_leaves_everybody_else_as_they_were(self, quillon):
        new = commands.NewCustomer(code="R1", name="Rowan", email="rowan@other.example")
        other = commands.create_customer(customer=new, actor=ADA, now=timezone.now())

        erase(quillon)

        assert queries.customer(other.id).email == "rowan@other.example"

    def test_where_it_cannot_be_noted_nothing_has_happened(self, quillon, settings, tmp_path):
        (tmp_path / "file").touch()
        settings.DESTROYED_KEYS_DIR = str(tmp_path / "file" / "folder")

        with pytest.raises(OSError):
            erase(quillon)

        assert (queries.customer(quillon.id).name, queries.customer(quillon.id).erased_at) == (NAME, None)


class Crash(Exception):
    """A process that dies, as far as its transactions can tell."""


@pytest.mark.parametrize("name", ["destroy_keys", "_forget_as_actor"])
def test_what_was_cut_off_is_carried_on_by_the_clock(quillon, monkeypatch, name):
    module = import_module("apps.core.tenantdata.forgetting")

    def dying(*args, **kwargs):
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(module, name, dying)
        with pytest.raises(Crash):
            erase(quillon)
    forget_keys()

    tasks.erase_customers_again()

    assert leaks() == set()


class TestRestoring:
    def test_an_old_backup_brings_nothing_of_them_back(self, quillon):
        before, envelopes = backup(), envelopes_of(quillon)
        erase(quillon)

        restore(before)
        forget_keys()  # processes start anew

        said = str([one.plain_payload() for one in envelopes + envelopes_of(quillon)])
        assert not any(text in said for text in TOLD)
        assert queries.customer(quillon.id).email == ERASED
        assert {one.lines for one in queries.addresses_of(quillon.id)} == {ERASED}
        assert "orders_customer" in leaks(), "the backup is a real one, and names lie there in plain"
        told = io.StringIO()
        call_command("erase_customer", "--again", stdout=told)
        assert (leaks(), told.getvalue()) == (set(), "1 customers were erased again\n")
        assert queries.customer(quillon.id).is_erased


class TestTheRightOfAccess:
    def test_tells_all_that_is_kept_in_plain_and_nothing_of_others(self, quillon):
        new = commands.NewCustomer(code="R1", name="Rowan")
        place(customer_id=commands.create_customer(customer=new, actor=ADA, now=timezone.now()).id)

        told = queries.personal_data_of(quillon.id)

        (customer,) = told["orders_customer"]
        assert (customer["name"], customer["email"]) == (NAME, EMAIL)
        assert told["orders_customeraddress"][0]["lines"] == "7 Marzipan Lane"
        (order,) = told["orders_order"]
        assert order["cancel_reason"] == "Quillon moved"
        assert [one["order_id"] for one in told["orders_orderline"]] == [order["id"]]
        assert "Rowan" not in str(told) and "email_mark" not in str(told)

    def test_of_another_companys_customer_there_is_none(self, quillon, other_tenant_id):
        with tenant(other_tenant_id), pytest.raises(Exception, match="there is no customer"):
            queries.personal_data_of(quillon.id)


class TestByApiPageAndCommand:
    def test_is_done_by_each(self, quillon, api_client):
        client, url = api_client("owner"), f"/api/v1/customers/{quillon.id}"
        assert client.get(f"{url}/personal-data").json()["data"]["orders_customer"][0]["name"] == NAME
        assert client.post(f"{url}/erasure", {"reason": ""}).status_code == 422

        answer = client.post(f"{url}/erasure", {"reason": "asked for it"})

        assert (answer.status_code, answer.json()["data"]["name"]) == (200, ERASED)

    def test_by_page_takes_the_customers_code(self, quillon, caller):
        browser = Client(headers={"authorization": f"Bearer {caller('owner').token()}", "accept": "text/html"})
        page = f"/customers/{quillon.id}"
        assert NAME in browser.get(f"{page}/personal-data").content.decode()
        assert f"{page}/erasure" in browser.get(f"{page}/").content.decode()
        assert "Erase for good" in browser.get(f"{page}/erasure").content.decode()
        wrong = browser.post(f"{page}/erasure", {"code": "Q2", "reason": "asked"})
        assert (wrong.status_code, queries.customer(quillon.id).is_erased) == (422, False)

        assert browser.post(f"{page}/erasure", {"code": "Q1", "reason": "asked"}).status_code == 302

        after = browser.get(f"{page}/").content.decode()
        assert ERASED in after and NAME not in after and "Erase</a>" not in after

    def test_by_command_says_what_is_missing_or_done(self, quillon, in_tenant):
        from apps.iam.facade import iam

        slug = iam.tenant(in_tenant).slug
        for wrong in ([], ["Q1"], ["Q1", "--tenant", slug], ["Q2", "--tenant", slug, "--reason", "x"]):
            with pytest.raises(CommandError):
                call_command("erase_customer", *wrong)
        told = io.StringIO()

        call_command("erase_customer", "Q1", "--tenant", slug, "--reason", "asked", stdout=told)

        assert told.getvalue() == f"customer Q1 of {slug} is erased\n"
        assert queries.customer(quillon.id).is_erased
