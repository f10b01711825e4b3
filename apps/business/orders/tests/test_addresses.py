"""Customers' addresses, and what orders keep of them."""

import pytest
from django.utils import timezone

from apps.business.addresses import Address
from apps.business.inventory.events import StockChanged
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.invoicing import commands as invoicing
from apps.business.orders import commands, queries
from apps.business.orders.errors import AddressNotFound, InvalidAddress, InvalidOrder, TooManyAddresses
from apps.business.orders.models import CustomerAddress
from apps.business.orders.tests.factories import ADA, CustomerFactory, add_address, address, place
from apps.core.db.router import alias_for
from apps.core.errors import PreconditionFailed
from apps.core.tenancy import tenant
from apps.core.tenantdata.forgetting import forget_person

pytestmark = pytest.mark.django_db
JSON = "application/json"
in_tenant = pytest.mark.usefixtures("in_tenant")


def defaults_of(customer):
    return [(one.default_for_shipping, one.default_for_billing) for one in queries.addresses_of(customer.id)]


def update(of, **changes):
    expected_version = changes.pop("expected_version", None)
    return commands.update_address(
        customer_id=of.customer_id, address_id=of.id, changes=changes, expected_version=expected_version, actor=ADA
    )


def delete(of):
    return commands.delete_address(customer_id=of.customer_id, address_id=of.id, actor=ADA, now=timezone.now())


@in_tenant
class TestAddressesOfACustomer:
    def test_the_first_is_the_default_for_everything_and_a_later_default_takes_its_place(self):
        customer = CustomerFactory()
        add_address(customer)
        add_address(customer)
        third = add_address(customer, default_for_shipping=True)

        assert defaults_of(customer) == [(False, True), (False, False), (True, False)]
        update(third, default_for_billing=True)
        assert defaults_of(customer) == [(False, False), (False, False), (True, True)]

    def test_keeps_them_without_white_space_that_nobody_meant(self):
        added = add_address(CustomerFactory(), lines=" 1 High Street \n\n Flat 2 ", city=" Leeds ")

        assert (added.lines, added.city) == ("1 High Street\nFlat 2", "Leeds")
        assert added.content.printed == ["Ida Vogel", "1 High Street", "Flat 2", "LS1 1UR Leeds", "United Kingdom"]

    @pytest.mark.parametrize(
        ("field", "value"),
        [("name", " "), ("lines", "a\nb\nc\nd\ne"), ("city", ""), ("country", "UK"), ("postal_code", "9" * 21)],
    )
    def test_refuses_what_breaks_a_rule(self, field, value):
        with pytest.raises(InvalidAddress) as refused:
            add_address(CustomerFactory(), **{field: value})

        assert list(refused.value.errors) == [field]

    def test_changes_once_however_often_it_is_told_and_refuses_another_version(self):
        added = add_address(CustomerFactory())

        assert [update(added, city="York").version for _ in range(2)] == [2, 2]
        with pytest.raises(PreconditionFailed):
            update(added, city="Hull", expected_version=1)

    def test_is_hidden_when_deleted_and_comes_back_as_no_default(self):
        customer = CustomerFactory()
        first, second = add_address(customer), add_address(customer)

        delete(first)
        delete(first)

        assert list(queries.addresses_of(customer.id)) == [second]
        commands.restore_address(customer_id=customer.id, address_id=first.id, actor=ADA)
        assert defaults_of(customer) == [(False, False), (False, False)]

    def test_are_no_more_than_somebody_can_read(self, monkeypatch):
        monkeypatch.setattr("apps.business.orders.commands.addresses.MOST_ADDRESSES", 1)
        customer = CustomerFactory()
        add_address(customer)

        with pytest.raises(TooManyAddresses):
            add_address(customer)

    def test_are_found_by_their_own_customer_and_tenant_alone(self, other_tenant_id):
        added = add_address(CustomerFactory())

        with pytest.raises(AddressNotFound):
            queries.address(CustomerFactory().id, added.id)
        with tenant(other_tenant_id), pytest.raises(AddressNotFound):
            queries.address(added.customer_id, added.id)

    def test_are_emptied_with_the_person_in_rows_orders_and_history(self, tenant_id):
        customer = CustomerFactory()
        add_address(customer)
        order = place(customer_id=customer.id)

        forget_person(alias_for(CustomerAddress), customer.id, tenant_ids=[tenant_id])

        erased = queries.addresses_of(customer.id).get()
        assert {erased.name, erased.lines, erased.city, erased.postal_code} == {"[erased]"}
        assert queries.order(order.id).ships_to is None
        assert set(erased.history.values_list("lines", flat=True)) == {"[erased]"}
        assert queries.order_as_of(order.id).state.shipping_address["lines"] == "[erased]"


@in_tenant
class TestWhereAnOrderGoes:
    def test_keeps_the_customers_defaults_as_they_were(self):
        customer = CustomerFactory()
        home = add_address(customer)
        add_address(customer, name="Accounts", default_for_billing=True)

        order = place(customer_id=customer.id)
        update(home, city="York")

        kept = queries.order(order.id)
        assert (kept.ships_to.city, kept.bills_to.name, kept.country) == ("Leeds", "Accounts", "GB")
        assert queries.order_as_of(order.id).state.shipping_address == kept.shipping_address

    def test_takes_an_address_by_id_or_whole_and_bills_there_too(self):
        customer = CustomerFactory()
        add_address(customer)
        other = add_address(customer, city="York")

        by_id = place(customer_id=customer.id, shipping_address=other.id)
        whole = place(shipping_address=address(city="Bonn", country="DE"))

        assert by_id.ships_to.city == "York"
        assert (whole.ships_to, whole.country) == (whole.bills_to, "DE")

    def test_is_not_a_default_in_another_country_than_the_order_names(self):
        customer = CustomerFactory()
        add_address(customer)

        assert place(customer_id=customer.id, country="DE").ships_to is None

    def test_refuses_two_countries_a_strange_id_and_a_bad_address_by_field(self):
        of_another = add_address(CustomerFactory())
        for wish, field in (
            ({"country": "DE", "shipping_address": address()}, "country"),
            ({"customer_id": CustomerFactory().id, "shipping_address": of_another.id}, "shipping_address"),
            ({"billing_address": address(city="")}, "billing_address.city"),
        ):
            with pytest.raises(InvalidOrder) as refused:
                place(**wish)
            assert list(refused.value.errors) == [field]

    def test_stands_on_the_invoice(self):
        order = place(shipping_address=address(), billing_address=address(name="Accounts", city="York"))

        invoice = invoicing.invoice_order(order_id=order.id, actor=ADA, now=timezone.now())

        assert invoice.buyer_address.splitlines() == ["Accounts", "1 High Street", "LS1 1UR York", "United Kingdom"]

    def test_is_encrypted_in_the_log(self, published):
        place(customer_id=CustomerFactory().id, shipping_address=address())

        (placed,) = published.beside(StockChanged)
        assert placed.shipping_address["city"] == "Leeds"
        assert placed.shipping_address == Address.of(placed.shipping_address).texts


class TestTheApi:
    def test_lists_adds_changes_deletes_and_restores(self, api_client, tenant_id):
        with tenant(tenant_id):
            customer = CustomerFactory()
        client, url = api_client("clerk"), f"/api/v1/customers/{customer.id}/addresses"

        added = client.post(url, address().texts)
        one = added["Location"]

        assert (added.status_code, added.json()["data"]["default_for_billing"]) == (201, True)
        assert client.patch(one, {"city": "York"}, JSON).json()["data"]["city"] == "York"
        assert client.patch(one, {"city": "Hull"}, JSON, headers={"If-Match": added["ETag"]}).status_code == 412
        assert client.post(url, {**address().texts, "country": "XX"}).json()["code"] == "invalid_address"
        assert client.delete(one).status_code == 204
        assert (client.get(url).json()["data"], client.get(one).status_code) == ([], 200)
        assert client.post(f"{one}/restoration").json()["data"]["deleted_at"] is None
        assert [row["city"] for row in client.get(url).json()["data"]] == ["York"]

    def test_places_an_order_to_an_address(self, api_client, tenant_id):
        with tenant(tenant_id):
            level = StockLevelFactory()
        lines = [{"product_id": str(level.product_id)}]
        wish = {"currency": "GBP", "lines": lines, "shipping_address": address().texts}

        placed = api_client("clerk").post("/api/v1/orders", wish).json()["data"]

        assert (placed["shipping_address"]["city"], placed["country"]) == ("Leeds", "GB")
        assert placed["billing_address"] == placed["shipping_address"]


class TestTheConsole:
    def test_knows_customers_their_orders_and_addresses(self, browser, tenant_id, drain):
        client = browser("clerk")
        made = client.post("/customers/new", {"code": "C-9", "name": "Ida Vogel", "email": "ida@vogel.test"})
        page = made["Location"]
        with tenant(tenant_id):
            customer = queries.customers().get()

        assert client.post(f"{page}addresses/new", {**address().texts}).status_code == 302
        with tenant(tenant_id):
            place(customer_id=customer.id)
            drain()
            kept = queries.addresses_of(customer.id).get()

        assert "Ida Vogel" in client.get("/customers/", {"q": "ida"}).content.decode()
        html = client.get(page).content.decode()
        for text in ("1 High Street", "LS1 1UR Leeds", "Goods", "SO-000001"):
            assert text in html
        at = f"{page}addresses/{kept.id}/"
        assert "1 High Street" in client.get(at).content.decode()
        assert client.post(at, {**address(city="York").texts, "version": kept.version}).status_code == 302
        assert client.post(at, {**address(city="Hull").texts, "version": kept.version}).status_code == 422
        client.post(f"{at}deletion")
        assert "York" not in client.get(page).content.decode()
        client.post(f"{at}restoration")
        assert "York" in client.get(page).content.decode()
        assert client.post(page, {"code": "C-9", "name": "Ida V.", "version": 1}).status_code == 302
        assert client.post(page, {"code": "C-9", "name": "Other", "version": 1}).status_code == 422
        assert client.post("/customers/new", {"code": "C-9", "name": "Twice"}).status_code == 422

    def test_shows_an_order_where_it_goes(self, browser, tenant_id):
        with tenant(tenant_id):
            order = place(shipping_address=address())

        assert "LS1 1UR Leeds" in browser("viewer").get(f"/orders/{order.id}/").content.decode()
