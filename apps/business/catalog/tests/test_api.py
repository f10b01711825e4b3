import pytest

from apps.business.catalog.tests.factories import ProductFactory
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db
URL = "/api/v1/products"
TEA_POT = {"sku": "TP1", "name": "Tea pot", "unit_price": "2.5550", "currency": "GBP", "reorder_level": 5}


@pytest.fixture
def product(tenant_id):
    with tenant(tenant_id):
        return ProductFactory()


class TestProducts:
    def test_creates_and_lists_them(self, api_client):
        client = api_client("manager")

        created = client.post(URL, TEA_POT)
        listed = client.get(URL, {"q": "tea"}).json()

        assert created.status_code == 201
        assert created["Location"] == f"{URL}/{created.json()['data']['id']}"
        assert created["ETag"] == '"v1"'
        assert [row["unit_price"] for row in listed["data"]] == ["2.5550"]

    def test_creates_once_for_one_idempotency_key(self, api_client):
        client = api_client("manager")

        answers = [client.post(URL, TEA_POT, headers={"Idempotency-Key": "k"}) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].json()["data"] == answers[1].json()["data"]

    def test_says_what_is_wrong_with_the_input(self, api_client):
        answer = api_client("manager").post(URL, {**TEA_POT, "unit_price": "-1", "currency": "pounds"})

        assert answer.status_code == 422
        assert set(answer.json()["errors"]) == {"unit_price", "currency"}

    def test_refuses_a_stock_code_that_is_taken(self, api_client):
        client = api_client("manager")
        client.post(URL, TEA_POT)

        assert (answer := client.post(URL, TEA_POT)).status_code == 409
        assert answer.json()["code"] == "sku_taken"

    def test_pages_without_overlap(self, api_client, tenant_id):
        with tenant(tenant_id):
            skus = sorted(ProductFactory().sku for _ in range(5))
        client, seen, cursor = api_client("viewer"), [], ""
        while cursor is not None:
            body = client.get(URL, {"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
            seen += [row["sku"] for row in body["data"]]
            cursor = body["meta"]["next"]

        assert seen == skus

    @pytest.mark.parametrize(("query", "status"), [({"state": "lost"}, 422), ({"colour": "red"}, 422), ({}, 200)])
    def test_refuses_parameters_that_it_does_not_know(self, api_client, query, status):
        assert api_client("viewer").get(URL, query).status_code == status

    def test_is_closed_to_callers_without_the_permission(self, api_client, client):
        refused = api_client("clerk").post(URL, TEA_POT)

        assert (refused.status_code, refused.json()["permission"]) == (403, "products.manage")
        assert client.get(URL).status_code == 401


class TestProductDetail:
    def test_answers_304_to_who_has_it_already(self, api_client, product):
        client = api_client("viewer")
        etag = client.get(f"{URL}/{product.id}")["ETag"]

        assert client.get(f"{URL}/{product.id}", headers={"If-None-Match": etag}).status_code == 304

    def test_saves_only_over_the_version_that_was_read(self, api_client, product):
        client = api_client("manager")
        path = f"{URL}/{product.id}"

        first = client.patch(path, {"name": "A"}, "application/json", headers={"If-Match": '"v1"'})
        second = client.patch(path, {"name": "B"}, "application/json", headers={"If-Match": '"v1"'})

        assert (first.status_code, second.status_code) == (200, 412)

    def test_is_deleted_and_restored(self, api_client, product):
        client, path = api_client("manager"), f"{URL}/{product.id}"

        assert client.delete(path).status_code == 204
        assert client.get(URL).json()["data"] == []
        assert len(client.get(URL, {"state": "deleted"}).json()["data"]) == 1
        assert client.post(f"{path}/restoration").json()["data"]["deleted_at"] is None

    def test_is_not_found_by_another_tenant(self, api_client, product, other_tenant_id):
        client, path = api_client("owner", tenant_id=other_tenant_id), f"{URL}/{product.id}"

        answers = [
            client.get(path),
            client.patch(path, {"name": "x"}, "application/json"),
            client.delete(path),
            client.post(f"{path}/restoration"),
        ]

        assert {answer.status_code for answer in answers} == {404}
