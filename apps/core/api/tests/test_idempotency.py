from __future__ import annotations

import threading
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.db.transaction import atomic
from django.test import Client

from apps.core.api.tests.callers import OTHER_TENANT, PERSON, TENANT, bearer
from apps.core.api.tests.site import NotePermission
from apps.core.idempotency import ledger
from apps.core.idempotency.models import IdempotencyKey
from apps.core.tenancy import tenant

WRITE = NotePermission.WRITE


def post(client: Client, text: str = "a", key: str | None = "k1", **caller: Any) -> Any:
    headers = {**bearer(WRITE, **caller), **({"Idempotency-Key": key} if key is not None else {})}
    return client.post("/api/v1/notes", {"text": text}, "application/json", headers=headers)


def written() -> list[str]:
    with tenant(TENANT):
        return list(
            IdempotencyKey.objects.filter(operation="note").order_by("created_at").values_list("key", flat=True)
        )


def keys() -> int:
    with tenant(TENANT):
        return IdempotencyKey.objects.exclude(operation="note").count()


@pytest.mark.django_db
class TestRepeatedPost:
    def test_is_done_once_and_answered_alike(self, api: Client) -> None:
        first, second = post(api), post(api)

        assert written() == ["a"]
        assert first.status_code == second.status_code == 201
        assert first.json()["data"] == second.json()["data"]
        assert first.json()["meta"] == second.json()["meta"] == {"a": 1}
        assert first["Location"] == second["Location"]
        assert not first.has_header("Idempotency-Replayed")
        assert second["Idempotency-Replayed"] == "true"
        assert first.json()["traceId"] != second.json()["traceId"]

    def test_means_the_same_however_it_is_spelled(self, api: Client) -> None:
        headers = {**bearer(WRITE), "Idempotency-Key": "k"}
        api.post("/api/v1/notes", '{"text": "a", "lines": []}', "application/json", headers=headers)
        again = api.post("/api/v1/notes", '{ "lines":[],"text":"\\u0061"}', "application/json", headers=headers)

        assert again["Idempotency-Replayed"] == "true"

    def test_without_a_key_is_done_twice(self, api: Client) -> None:
        post(api, key=None)
        post(api, key=None)

        assert written() == ["a", "a"]

    def test_with_another_body_is_refused(self, api: Client) -> None:
        post(api, "a")
        response = post(api, "b")

        assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
        assert written() == ["a"]

    def test_after_an_error_is_tried_anew(self, api: Client) -> None:
        first = post(api, "fails")

        assert (first.status_code, written(), keys()) == (409, [], 0)
        assert post(api, "fails").status_code == 409
        assert post(api, "a").status_code == 201

    def test_after_an_answer_that_is_no_success_is_tried_anew(self, api: Client) -> None:
        assert post(api, "odd").status_code == 302
        assert (written(), keys()) == ([], 0)

    @pytest.mark.parametrize("key", ["", "x" * 201, "a\tb", "ключ"])
    def test_with_a_malformed_key_is_refused(self, api: Client, key: str) -> None:
        response = post(api, key=key)

        assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_malformed")

    def test_of_another_caller_is_another_request(self, api: Client) -> None:
        post(api)
        assert post(api, subject=uuid4()).status_code == 201
        assert post(api, tenant=OTHER_TENANT).status_code == 201

        assert written() == ["a", "a"]

    def test_needs_the_permission_still(self, api: Client) -> None:
        post(api)
        response = api.post(
            "/api/v1/notes",
            {"text": "a"},
            "application/json",
            headers={**bearer(NotePermission.VIEW), "Idempotency-Key": "k1"},
        )

        assert response.status_code == 403


@pytest.mark.django_db(transaction=True)
class TestSimultaneousPosts:
    def test_are_told_to_come_back_when_it_takes_too_long(self, api: Client) -> None:
        done = threading.Event()
        held = threading.Event()
        key = {"subject": PERSON, "operation": "POST api/v1/notes", "key": "k1", "request_hash": "x"}

        def hold() -> None:
            with tenant(TENANT), atomic():
                ledger.Claim(alias="default", **key).make()  # type: ignore[arg-type]
                held.set()
                done.wait(30)
            connections.close_all()

        thread = threading.Thread(target=hold)
        thread.start()
        try:
            assert held.wait(10)
            with connections["default"].cursor() as cursor:
                cursor.execute("set lock_timeout = '50ms'")
            response = post(api)
        finally:
            done.set()
            thread.join(10)
            connections["default"].close()

        assert (response.status_code, response.json()["code"]) == (409, "idempotency_key_in_use")
        assert response["Retry-After"] == "1"
        assert written() == []
