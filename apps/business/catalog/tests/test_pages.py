import pytest
from django.contrib.messages import get_messages

from apps.business.catalog import queries
from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory import queries as inventory
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db
FORM = {"sku": "TP1", "name": "Tea pot", "unit_price": "2.555", "currency": "GBP", "version": "1"}
FORM |= {"tax_class": "standard", "reorder_level": ""}


@pytest.fixture
def level(tenant_id):
    with tenant(tenant_id):
        return StockLevelFactory(product=ProductFactory(reorder_level=20))


def test_sends_an_anonymous_browser_to_sign_in(client):
    answer = client.get("/products/")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/auth/login?next=")


class TestProductList:
    def test_shows_products_with_their_stock(self, browser, level):
        html = browser().get("/products/", {"q": "tea"}).content.decode()

        assert level.product.name in html
        assert "Low stock" in html

    @pytest.mark.parametrize(("state", "shown"), [("low", True), ("deleted", False), ("", True)])
    def test_shows_the_state_that_is_asked_for(self, browser, level, state, shown):
        assert (level.product.name in browser().get("/products/", {"state": state}).content.decode()) is shown

    def test_says_which_filter_it_does_not_understand(self, browser, level):
        html = browser().get("/products/", {"state": "lost"}).content.decode()

        assert "state:" in html
        assert level.product.name in html

    def test_costs_the_same_however_many(self, browser, tenant_id, django_assert_max_num_queries):
        client = browser("viewer")
        with tenant(tenant_id):
            for _ in range(8):
                StockLevelFactory()

        with django_assert_max_num_queries(3, using="business"):
            client.get("/products/")


class TestNewProduct:
    def test_creates_it_and_goes_to_its_page(self, browser, tenant_id):
        answer = browser().post("/products/new", FORM)

        with tenant(tenant_id):
            (product,) = queries.products()
        assert (answer.status_code, answer["Location"]) == (302, f"/products/{product.id}/")

    @pytest.mark.parametrize("change", [{"name": ""}, {"unit_price": "x"}])
    def test_shows_what_is_wrong(self, browser, change):
        answer = browser().post("/products/new", {**FORM, **change})

        assert answer.status_code == 422
        assert "errorlist" in answer.content.decode()

    def test_shows_what_the_domain_refuses(self, browser):
        client = browser()
        client.post("/products/new", FORM)

        answer = client.post("/products/new", FORM)

        assert answer.status_code == 422
        assert "exists already" in answer.content.decode()

    def test_is_closed_to_clerks(self, browser):
        assert browser("clerk").get("/products/new").status_code == 403


class TestProductPage:
    def test_shows_product_stock_and_history(self, browser, level):
        client, path = browser(), f"/products/{level.product_id}/"
        client.post(f"{path}stock-adjustments", {"quantity": "-4", "reason": "counted anew"})

        html = client.get(path).content.decode()

        assert level.product.name in html
        assert "counted anew" in html
        assert "History" in html

    def test_saves(self, browser, level, tenant_id):
        answer = browser().post(f"/products/{level.product_id}/", {**FORM, "name": "Big pot"})

        with tenant(tenant_id):
            assert queries.product(level.product_id).name == "Big pot"
        assert answer.status_code == 302

    def test_keeps_what_was_typed_when_somebody_else_saved_first(self, browser, level):
        client, path = browser(), f"/products/{level.product_id}/"
        client.post(path, {**FORM, "name": "Theirs"})

        answer = client.post(path, {**FORM, "name": "Mine"})

        html = answer.content.decode()
        assert answer.status_code == 409
        assert 'value="Mine"' in html
        assert 'name="version" value="2"' in html

    def test_is_deleted_with_a_way_back(self, browser, level, tenant_id):
        client, path = browser(), f"/products/{level.product_id}"

        gone = client.post(f"{path}/deletion")
        deleted_page = client.get(f"{path}/").content.decode()
        back = client.post(f"{path}/restoration", {"next": "https://elsewhere.example/"})

        assert [message.extra_tags for message in get_messages(gone.wsgi_request)] == [f"undo:{path}/restoration"]
        assert "It can no longer be ordered" in deleted_page
        assert back["Location"] == f"{path}/"
        with tenant(tenant_id):
            assert not queries.product(level.product_id).is_deleted

    def test_says_when_stock_would_fall_below_zero(self, browser, level, tenant_id):
        answer = browser().post(f"/products/{level.product_id}/stock-adjustments", {"quantity": "-11", "reason": "x"})

        (message,) = get_messages(answer.wsgi_request)
        assert (message.level_tag, "11 wanted, 10 in stock" in str(message)) == ("error", True)
        with tenant(tenant_id):
            assert inventory.on_hand([level.product_id]) == {level.product_id: 10}

    def test_says_what_is_wrong_with_an_adjustment(self, browser, level):
        answer = browser().post(f"/products/{level.product_id}/stock-adjustments", {"quantity": "many"})

        (message,) = get_messages(answer.wsgi_request)
        assert str(message).startswith("Difference: ")

    def test_is_not_found_by_another_tenant(self, browser, level, other_tenant_id):
        stranger = browser("owner", tenant_id=other_tenant_id)
        path = f"/products/{level.product_id}"

        assert stranger.get(f"{path}/").status_code == 404
        assert stranger.post(f"{path}/deletion").status_code == 404
