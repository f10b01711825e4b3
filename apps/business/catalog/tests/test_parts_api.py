from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import MULTIPART_CONTENT
from django.utils import timezone

from apps.business.catalog.tests.factories import ProductFactory
from apps.core.files.testing import image
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("file_folder")]
JSON = "application/json"


@pytest.fixture
def url(tenant_id):
    with tenant(tenant_id):
        return f"/api/v1/products/{ProductFactory().id}"


def picture(content=None):
    return {"file": SimpleUploadedFile("tea.png", content or image(), "image/png"), "alt": "From the left"}


class TestVariants:
    def test_are_made_and_listed(self, api_client, url):
        client, master = api_client("manager"), url.rpartition("/")[2]
        shirt = {"sku": "S-M", "name": "Shirt M", "unit_price": "9", "currency": "GBP", "tax_class": "reduced"}

        made = client.post("/api/v1/products", {**shirt, "variant_of": master, "options": {"size": "M"}}, JSON)
        again = client.post(
            "/api/v1/products", {**shirt, "sku": "S-2", "variant_of": master, "options": {"size": "M"}}, JSON
        )

        assert made.status_code == 201
        assert again.json()["code"] == "variant_taken"
        (listed,) = client.get("/api/v1/products", {"variant_of": master}).json()["data"]
        assert (listed["variant_of"], listed["options"], listed["tax_class"]) == (master, {"size": "M"}, "reduced")


class TestPrices:
    def test_are_set_listed_and_ended(self, api_client, url):
        client, soon = api_client("manager"), timezone.now() + timedelta(days=1)

        first = client.post(f"{url}/prices", {"currency": "EUR", "price": "1.5"}, JSON)
        client.post(f"{url}/prices", {"currency": "EUR", "price": "2", "valid_from": soon.isoformat()}, JSON)

        prices = client.get(f"{url}/prices").json()["data"]
        assert first.status_code == 201
        assert [price["price"] for price in prices] == ["1.5000", "2.0000"]
        assert client.delete(f"{url}/prices/{prices[1]['id']}").status_code == 204
        assert len(client.get(f"{url}/prices").json()["data"]) == 1

    def test_say_what_stands_in_their_way(self, api_client, url):
        client, soon = api_client("manager"), timezone.now() + timedelta(days=1)
        client.post(f"{url}/prices", {"currency": "EUR", "price": "2", "valid_from": soon.isoformat()}, JSON)

        overlapping = client.post(f"{url}/prices", {"currency": "EUR", "price": "1.5"}, JSON)
        wrong = client.post(f"{url}/prices", {"currency": "EUR", "price": "-1"}, JSON)

        assert (overlapping.status_code, overlapping.json()["code"]) == (409, "price_overlaps")
        assert (wrong.status_code, set(wrong.json()["errors"])) == (422, {"price"})


class TestMedia:
    def test_is_added_shown_and_removed(self, api_client, client, url):
        manager = api_client("manager")

        added = manager.post(f"{url}/media", picture(), MULTIPART_CONTENT)

        (shown,) = manager.get(f"{url}/media").json()["data"]
        assert (added.status_code, added.json()["data"]["alt"]) == (201, "From the left")
        assert client.get(shown["url"]).status_code == 200
        assert manager.delete(f"{url}/media/{shown['id']}").status_code == 204
        assert manager.get(f"{url}/media").json()["data"] == []
        back = manager.post(f"{url}/media/{shown['id']}/restoration")
        assert (back.status_code, back.json()["data"]["alt"]) == (200, "From the left")

    def test_is_described_and_arranged(self, api_client, url):
        manager = api_client("manager")
        first, second = (
            manager.post(f"{url}/media", picture(), MULTIPART_CONTENT).json()["data"]["id"] for _ in range(2)
        )

        described = manager.patch(f"{url}/media/{second}", {"alt": "From behind"}, JSON)
        arranged = manager.put(f"{url}/media-order", {"media_ids": [second, first]}, JSON)
        refused = manager.put(f"{url}/media-order", {"media_ids": [second]}, JSON)

        assert described.json()["data"]["alt"] == "From behind"
        assert arranged.json()["data"] == {"media_ids": [second, first]}
        assert [one["id"] for one in manager.get(f"{url}/media").json()["data"]] == [second, first]
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_product")

    def test_refuses_a_script_that_is_called_an_image(self, api_client, url):
        answer = api_client("manager").post(f"{url}/media", picture(b"<script>alert(1)</script>"), MULTIPART_CONTENT)

        assert (answer.status_code, answer.json()["code"]) == (422, "file_refused")
        assert set(answer.json()["errors"]) == {"file"}


class TestCategories:
    def test_are_a_tree_that_products_stand_in(self, api_client, url):
        client = api_client("manager")
        kitchen = client.post("/api/v1/categories", {"name": "Kitchen"}, JSON).json()["data"]
        tea = client.post("/api/v1/categories", {"name": "Tea", "parent_id": kitchen["id"]}, JSON).json()["data"]

        placed = client.put(f"{url}/categories", {"category_ids": [tea["id"]]}, JSON)
        misplaced = client.put(f"/api/v1/categories/{kitchen['id']}", {"name": "Kitchen", "parent_id": tea["id"]}, JSON)
        moved = client.put(f"/api/v1/categories/{tea['id']}", {"name": "Teas"}, JSON)

        assert placed.json()["data"] == client.get(f"{url}/categories").json()["data"] == {"category_ids": [tea["id"]]}
        assert misplaced.json()["code"] == "category_misplaced"
        assert moved.json()["data"] == client.get(f"/api/v1/categories/{tea['id']}").json()["data"]
        assert [shelf["path"] for shelf in client.get("/api/v1/categories").json()["data"]] == ["Kitchen", "Teas"]
        (shown,) = client.get("/api/v1/products", {"category": tea["id"]}).json()["data"]
        assert shown["id"] in url
        assert client.delete(f"/api/v1/categories/{tea['id']}").status_code == 204
        assert client.get(f"{url}/categories").json()["data"] == {"category_ids": []}
        restored = client.post(f"/api/v1/categories/{tea['id']}/restoration")
        assert (restored.status_code, restored.json()["data"]["name"]) == (200, "Teas")


def test_what_belongs_to_a_product_is_found_by_no_other_tenant(api_client, url, other_tenant_id, tenant_id):
    own = api_client("manager")
    price = own.post(f"{url}/prices", {"currency": "EUR", "price": "1.5"}, JSON).json()["data"]["id"]
    media = own.post(f"{url}/media", picture(), MULTIPART_CONTENT).json()["data"]["id"]
    category = own.post("/api/v1/categories", {"name": "Kitchen"}, JSON).json()["data"]["id"]
    stranger = api_client("owner", tenant_id=other_tenant_id)

    answers = [
        *(stranger.get(f"{url}/{part}") for part in ("prices", "media", "categories")),
        stranger.post(f"{url}/prices", {"currency": "EUR", "price": "1.5"}, JSON),
        stranger.post(f"{url}/media", picture(), MULTIPART_CONTENT),
        stranger.put(f"{url}/categories", {"category_ids": []}, JSON),
        stranger.delete(f"{url}/prices/{price}"),
        stranger.delete(f"{url}/media/{media}"),
        stranger.patch(f"{url}/media/{media}", {"alt": "Mine"}, JSON),
        stranger.post(f"{url}/media/{media}/restoration"),
        stranger.put(f"{url}/media-order", {"media_ids": [media]}, JSON),
        stranger.get(f"/api/v1/categories/{category}"),
        stranger.put(f"/api/v1/categories/{category}", {"name": "Mine"}, JSON),
        stranger.delete(f"/api/v1/categories/{category}"),
        stranger.post(f"/api/v1/categories/{category}/restoration"),
    ]

    assert {answer.status_code for answer in answers} == {404}
