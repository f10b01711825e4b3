from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.db.transaction import atomic
from django.utils import timezone

from apps.core.idempotency import ledger, tasks
from apps.core.idempotency.models import IdempotencyKey
from apps.core.tenancy import tenant

TENANT, OTHER_TENANT, PERSON = uuid4(), uuid4(), uuid4()


@pytest.mark.django_db(transaction=True)
class TestSimultaneousClaims:
    def claim(self, alias: str = "default", body: str = "same") -> ledger.Claim:
        return ledger.Claim(alias=alias, subject=PERSON, operation="POST x", key="k", request_hash=body)

    def test_wait_for_the_first_and_get_its_answer(self) -> None:
        """The second insert is seen to wait on the first one's transaction before that one ends."""
        answers: list[ledger.Stored | None] = []

        def second() -> None:
            with tenant(TENANT), atomic():
                answers.append(self.claim().make())
            connections.close_all()

        with tenant(TENANT), atomic():
            assert self.claim().make() is None
            thread = threading.Thread(target=second)
            thread.start()
            _await_a_waiting_backend()
            assert not answers
            self.claim().settle(ledger.Stored(201, "{}"))
        thread.join(10)

        assert answers == [ledger.Stored(201, "{}")]

    def test_go_on_when_the_first_fails(self) -> None:
        answers: list[ledger.Stored | None] = []

        def second() -> None:
            with tenant(TENANT), atomic():
                answers.append(self.claim().make())
            connections.close_all()

        with tenant(TENANT), pytest.raises(ZeroDivisionError), atomic():
            self.claim().make()
            thread = threading.Thread(target=second)
            thread.start()
            _await_a_waiting_backend()
            raise ZeroDivisionError
        thread.join(10)

        assert answers == [None]


def _await_a_waiting_backend() -> None:
    for _ in range(1000):
        with connections["default"].cursor() as cursor:
            cursor.execute("select count(*) from pg_locks where not granted")
            if cursor.fetchone()[0]:
                return
        threading.Event().wait(0.01)
    raise AssertionError("nobody waits")


def two_tenants() -> list[Any]:
    return [TENANT, OTHER_TENANT]


@pytest.mark.django_db
class TestForgetting:
    def test_takes_old_keys_of_every_tenant_in_every_database(self, settings: Any) -> None:
        settings.TENANT_LISTER = f"{__name__}.two_tenants"
        ages = {"old": timedelta(hours=49), "new": timedelta(hours=47)}
        for tenant_id in two_tenants():
            for alias in ("default", "business"):
                with tenant(tenant_id):
                    for key, age in ages.items():
                        _key(alias, key, timezone.now() - age)

        tasks.forget_old_keys()
        tasks.forget_old_keys(later="argument")

        for tenant_id in two_tenants():
            for alias in ("default", "business"):
                with tenant(tenant_id):
                    rows = IdempotencyKey.objects.using(alias)
                    assert list(rows.values_list("key", flat=True)) == ["new"]


def _key(alias: str, key: str, at: Any) -> None:
    IdempotencyKey.objects.using(alias).create(subject=PERSON, operation="POST x", key=key, created_at=at)


@pytest.mark.django_db
def test_keys_are_kept_apart_by_tenant() -> None:
    with tenant(TENANT):
        _key("business", "k", timezone.now())
    with tenant(OTHER_TENANT):
        assert not IdempotencyKey.objects.using("business").exists()
    assert not IdempotencyKey.objects.using("business").exists()
