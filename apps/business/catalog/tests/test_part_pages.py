from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.business.catalog import commands, queries
from apps.business.catalog.tests.factories import ProductFactory, ProductPriceFactory
from apps.business.inventory import queries as inventory
from apps.core.files.testing import image
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("file_folder")]
TOMORROW = timezone.now() + timedelta(days=1)


@pytest.fixture
def product(tenant_id):
    with tenant(tenant_id):
        return ProductFactory(name="Tea pot")


def said(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


class TestPrices:
    def test_are_shown_by_currency_as_they_hold(self, browser, tenant_id, product):
        with tenant(tenant_id):
            for from_, to, price in ((-3, -2, 10_000), (-1, 1, 20_000), (1, None, 30_000)):
                until = to and timezone.now() + timedelta(days=to)
                begin = timezone.now() + timedelta(days=from_)
                ProductPriceFactory(product=product, price_e4=price, valid_from=begin, valid_to=until)
            ProductPriceFactory(product=product, currency="EUR", price_e4=50_000)

        html = browser().get(f"/products/{product.id}/prices/").content.decode()

        for text in ("In GBP", "In EUR", "£1.00", "£2.00", "£3.00", "€5.00", "Holds now", "To come", "Over"):
            assert text in html

    def test_are_set_and_ended(self, browser, tenant_id, product):
        client, path = browser(), f"/products/{product.id}/prices/"

        client.post(path, {"currency": "EUR", "price": "2.5", "valid_from": TOMORROW.isoformat(timespec="minutes")})
        with tenant(tenant_id):
            (price,) = queries.all_prices_of(product.id)
        ended = client.post(f"{path}{price.id}/end")
        again = client.post(f"{path}{price.id}/end")

        assert price.price_e4 == 25_000
        assert [said(ended), said(again)] == [["The price is ended."], [f"the product has no price {price.id}"]]

    def test_say_by_name_what_stands_in_their_way(self, browser, tenant_id, product):
        with tenant(tenant_id):
            ProductPriceFactory(product=product, currency="EUR", valid_from=TOMORROW)

        answer = browser().post(f"/products/{product.id}/prices/", {"currency": "EUR", "price": "1"})

        assert answer.status_code == 422
        assert "it costs €9.00 from" in answer.content.decode()


class TestPictures:
    def upload(self, client, product, *contents):
        files = [SimpleUploadedFile(f"{place}.png", content) for place, content in enumerate(contents)]
        return client.post(f"/products/{product.id}/pictures/", {"file": files, "alt": "From the left"})

    def test_are_added_moved_described_removed_and_put_back(self, browser, tenant_id, product):
        client, here = browser(), f"/products/{product.id}/pictures/"
        added = self.upload(client, product, image(), image())
        with tenant(tenant_id):
            first, second = (str(one.id) for one in queries.media_of(product.id))

        ids = {"media_id": [first, second]}
        client.post(f"{here}order", {**ids, "move": f"{second}:earlier"})
        client.post(f"{here}{second}", {"alt": "From behind"})
        removed = client.post(f"{here}{first}/removal")
        (undo,) = (message.extra_tags for message in get_messages(removed.wsgi_request))
        client.post(undo.removeprefix("undo:"))
        stale = client.post(f"{here}order", {"media_id": [first]})

        assert said(added) == ["Added 2 pictures."]
        with tenant(tenant_id):
            shown = queries.pictures_of(product.id)
        assert [(str(one.id), one.alt) for one in shown] == [(second, "From behind"), (first, "From the left")]
        assert "other pictures by now" in said(stale)[0]
        assert 'alt="From behind"' in client.get(here).content.decode()

    def test_that_are_none_are_refused_by_name_and_the_others_are_kept(self, browser, tenant_id, product):
        answer = self.upload(browser(), product, image(), b"<script>alert(1)</script>")

        assert answer.status_code == 422
        assert "1.png: its content is none of" in answer.content.decode()
        with tenant(tenant_id):
            assert len(queries.media_of(product.id)) == 1


class TestCategories:
    def make(self, tenant_id, name, **facts):
        with tenant(tenant_id):
            return commands.create_category(name=name, actor=SYSTEM, now=timezone.now(), **facts)

    def test_are_a_tree_that_grows_and_loses_branches(self, browser, tenant_id):
        client, kitchen = browser(), self.make(tenant_id, "Kitchen")

        client.post("/categories/", {"name": "Tea", "parent_id": str(kitchen.id)})
        twice = client.post("/categories/", {"name": "Tea", "parent_id": str(kitchen.id)})
        with tenant(tenant_id):
            tea = queries.category_tree()[1]
        in_use = client.post(f"/categories/{kitchen.id}/deletion")
        gone = client.post(f"/categories/{tea.id}/deletion")
        deleted_page = client.get("/categories/").content.decode()
        back = client.post(f"/categories/{tea.id}/restoration")

        assert (twice.status_code, "there is a category Tea" in twice.content.decode()) == (422, True)
        assert said(in_use)[0].startswith("Kitchen has categories below it")
        assert said(gone) == ["Deleted Tea."]
        assert "Restore Tea" in deleted_page
        assert said(back) == ["Restored Tea."]

    def test_are_renamed_and_moved_but_never_below_themselves(self, browser, tenant_id):
        client, kitchen = browser(), self.make(tenant_id, "Kitchen")
        tea = self.make(tenant_id, "Tea", parent_id=kitchen.id)

        form = client.get(f"/categories/{kitchen.id}/").content.decode()
        client.post(f"/categories/{tea.id}/", {"name": "Teas", "parent_id": ""})

        assert f'value="{tea.id}"' not in form
        with tenant(tenant_id):
            assert [shelf.path for shelf in queries.category_tree()] == ["Kitchen", "Teas"]

    def test_hold_products_that_are_found_by_them(self, browser, tenant_id, product):
        client, kitchen = browser(), self.make(tenant_id, "Kitchen")
        tea = self.make(tenant_id, "Tea", parent_id=kitchen.id)

        client.post(f"/products/{product.id}/categories", {"category_id": [str(tea.id)]})
        other = client.post(f"/products/{product.id}/categories", {"category_id": [str(product.id)]})

        assert said(other) == [f"there is no category {product.id}"]
        assert "Tea pot" in client.get(f"/categories/{kitchen.id}/").content.decode()
        for category, shown in ((kitchen, True), (self.make(tenant_id, "Garden"), False)):
            html = client.get("/products/", {"category": str(category.id)}).content.decode()
            assert ("Tea pot" in html) is shown

    def test_are_looked_at_by_viewers_and_by_no_other_tenant(self, browser, tenant_id, other_tenant_id):
        kitchen = self.make(tenant_id, "Kitchen")
        stranger = browser("owner", tenant_id=other_tenant_id)

        assert "Add a category" not in browser("viewer").get("/categories/").content.decode()
        assert browser("viewer").post("/categories/", {"name": "Tea"}).status_code == 403
        assert stranger.get(f"/categories/{kitchen.id}/").status_code == 404


class TestProductForm:
    def test_says_the_tax_class_and_how_many_may_be_back_ordered(self, browser, tenant_id):
        wish = {"sku": "TP1", "name": "Pot", "unit_price": "2", "currency": "GBP", "tax_class": "zero"}

        path = browser().post("/products/new", {**wish, "back_orders": "5"})["Location"]
        saved = browser().post(path, {**wish, "tax_class": "reduced", "back_orders": "", "version": "1"})

        assert saved["Location"] == path
        with tenant(tenant_id):
            (made,) = queries.products()
            assert (made.tax_class, inventory.back_orders(made.id)["at_most"]) == ("reduced", 0)
