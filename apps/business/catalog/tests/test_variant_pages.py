import pytest
from django.contrib.messages import get_messages

from apps.business.catalog import queries
from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db
OPTIONS = {"option_1": "Size", "values_1": "S, M,, M", "option_2": "Colour", "values_2": "red"}


@pytest.fixture
def shirt(tenant_id):
    with tenant(tenant_id):
        return ProductFactory(sku="SHIRT", name="Shirt")


@pytest.fixture
def small(tenant_id, shirt):
    with tenant(tenant_id):
        return ProductFactory(sku="SHIRT-S", variant_of=shirt, options={"Size": "S", "Colour": "red"})


class TestVariants:
    def test_are_shown_with_what_is_available_of_each(self, browser, tenant_id, shirt, small):
        with tenant(tenant_id):
            StockLevelFactory(product=small, on_hand=7, reserved=3)

        html = browser().get(f"/products/{shirt.id}/variants/").content.decode()

        assert "S, red" in html
        assert 'data-label="Available">4<' in html
        assert browser().get(f"/products/{small.id}/variants/")["Location"] == f"/products/{shirt.id}/variants/"

    def test_are_deleted_and_brought_back_from_the_same_page(self, browser, shirt, small):
        client, here = browser(), f"/products/{shirt.id}/variants/"

        gone = client.post(f"/products/{small.id}/deletion", {"next": here})
        shown = client.get(here).content.decode()
        back = client.post(f"/products/{small.id}/restoration", {"next": here})

        assert gone["Location"] == back["Location"] == here
        assert "Restore S, red" in shown
        assert "Delete S, red" in client.get(here).content.decode()


class TestMaking:
    def path(self, product):
        return f"/products/{product.id}/variants/new?option_1=Size&values_1=S,M&option_2=Colour&values_2=red"

    def test_offers_every_combination_once_and_not_what_there_is(self, browser, shirt, small):
        html = browser().get(f"/products/{shirt.id}/variants/new", OPTIONS).content.decode()

        assert "exists already" in html
        assert 'value="SHIRT-M-RED"' in html
        assert 'value="Shirt — M, red"' in html
        assert "chosen_2" not in html

    def test_makes_what_was_chosen_as_it_was_typed(self, browser, tenant_id, shirt):
        wish = {"chosen_1": "on", "sku_1": "S-M", "name_1": "Shirt M", "unit_price_1": "3.5", "sku_0": "S-S"}

        answer = browser().post(self.path(shirt), wish)

        assert answer["Location"] == f"/products/{shirt.id}/variants/"
        assert [str(message) for message in get_messages(answer.wsgi_request)] == ["Made 1 variant of Shirt."]
        with tenant(tenant_id):
            (made,) = queries.variants_of(shirt.id)
        assert (made.sku, made.name, made.unit_price_e4, made.options) == (
            "S-M",
            "Shirt M",
            35_000,
            {"Size": "M", "Colour": "red"},
        )

    @pytest.mark.parametrize(
        ("wish", "said"),
        [
            ({}, "Choose at least one."),
            ({"chosen_1": "on", "unit_price_1": "much"}, "M, red: much is not a price"),
            ({"chosen_1": "on", "sku_1": "SHIRT"}, "the stock code SHIRT exists already"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_typed(self, browser, tenant_id, shirt, wish, said):
        answer = browser().post(self.path(shirt), {"name_1": "Typed", **wish})

        html = answer.content.decode()
        assert (answer.status_code, said in html, 'value="Typed"' in html) == (422, True, True)
        with tenant(tenant_id):
            assert not queries.variants_of(shirt.id).exists()

    @pytest.mark.parametrize("options", [{}, {"option_1": "Size", "values_1": ","}, {**OPTIONS, "values_2": ""}])
    def test_asks_again_for_options_that_make_no_sense(self, browser, shirt, options):
        answer = browser().get(f"/products/{shirt.id}/variants/new", options)

        assert answer.status_code == 422
        assert "Show the combinations" in answer.content.decode()

    def test_is_closed_to_clerks_and_to_other_tenants(self, browser, shirt, other_tenant_id):
        stranger = browser("owner", tenant_id=other_tenant_id)

        assert browser("clerk").get(self.path(shirt)).status_code == 403
        assert stranger.post(self.path(shirt), {"chosen_1": "on"}).status_code == 404
        assert stranger.get(f"/products/{shirt.id}/variants/").status_code == 404
