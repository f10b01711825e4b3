"""What is personal of customers lies sealed in rows, history and backups, and is found and read as if it did not."""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import FieldError
from django.core.management import CommandError, call_command
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.business.orders import commands, queries
from apps.business.orders.models import Customer
from apps.business.orders.tests.factories import ADA, CustomerFactory
from apps.core.crypto import resealing
from apps.core.crypto.keys import destroy_keys, forget_keys, renew_key
from apps.core.crypto.sealing import Unreadable
from apps.core.crypto.sealing_columns import seal_column
from apps.core.crypto.tokens import ERASED, PATTERN, version_of
from apps.core.db.roles import as_owner
from apps.core.history.changes import changes, history_model
from apps.core.tenancy import no_tenant, tenant
from apps.core.tenantdata.reading import page_of_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]
EMAIL, LATER = "ida.vogel@zephyr.example", "vogel@later.example"


@pytest.fixture
def ida(in_tenant) -> Customer:
    return create(email=EMAIL)[0]


def create(count: int = 1, **known) -> list[Customer]:
    new = [commands.NewCustomer(code=f"V{n}", name=f"Ida {n}", **known) for n in range(count)]
    return commands.create_customers(customers=new, actor=ADA, now=timezone.now())


def update(customer: Customer, **changed) -> Customer:
    return commands.update_customer(customer_id=customer.id, changes=changed, actor=ADA, now=timezone.now())


def lies_there() -> str:
    """Every column of every row, and of every version of it."""
    with connections["business"].cursor() as cursor:
        cursor.execute("select string_agg(c::text, ' ') from orders_customer c")
        rows = cursor.fetchone()[0] or ""
        cursor.execute("select string_agg(h::text, ' ') from orders_customerhistory h")
        return rows + (cursor.fetchone()[0] or "")


def read(customer: Customer) -> Customer:
    return queries.customer(customer.id)


def found(text: str) -> list[Customer]:
    return list(queries.customers().filter(queries.customer_matches(text)))


class TestASealedColumn:
    def test_holds_nothing_in_plain_and_reads_as_if_it_did(self, ida):
        update(ida, email=LATER)

        assert "zephyr" not in lies_there() and "later" not in lies_there()
        assert read(ida).email == LATER
        assert Customer.objects.values_list("email", flat=True).get().plain() == LATER
        (change, _) = changes(Customer, entity_id=ida.id)
        assert (change.before["email"], change.after["email"]) == (EMAIL, LATER)

    def test_leaves_in_an_export_in_plain_without_its_mark(self, ida):
        (row,) = page_of_rows("business", "orders_customer").rows
        (version,) = page_of_rows("business", "orders_customerhistory").rows

        assert (row["email"], version["email"]) == (EMAIL, EMAIL)
        assert "email_mark" not in row

    def test_stays_the_same_token_when_something_else_changes(self, ida):
        before = Customer.objects.values_list("email", flat=True).get(id=ida.id)

        update(ida, name="Another name", email=EMAIL)

        assert str(Customer.objects.values_list("email", flat=True).get(id=ida.id)) == str(before)

    def test_is_empty_where_it_was_empty(self, ida):
        assert read(update(ida, email="")).email == ""
        assert found("") and found(EMAIL) == []

    def test_is_read_with_a_new_key_and_without_the_old_process(self, ida):
        renew_key(Customer._meta.get_field("email").owner_of(ida, "business"))
        forget_keys()

        assert read(ida).email == EMAIL
        assert read(update(ida, email=LATER)).email == LATER

    def test_of_another_row_does_not_open(self, ida):
        (other,) = [CustomerFactory(email="")]
        with connections["business"].cursor() as cursor:
            cursor.execute(
                "update orders_customer c set email = (select email from orders_customer where id = %s) where id = %s",
                [ida.id, other.id],
            )
        with pytest.raises(Unreadable, match="somebody else"):
            _ = read(other).email
        with connections["business"].cursor() as cursor:
            cursor.execute("update orders_customer set email = overlay(email placing 'AAAA' from 80 for 4)")
        with pytest.raises(Unreadable):
            _ = read(ida).email

    def test_cannot_be_written_in_plain_or_asked_for_by_its_text(self, ida):
        with pytest.raises(TypeError, match="sealed row by row"):
            Customer.objects.filter(id=ida.id).update(email=LATER)
        with pytest.raises(FieldError):
            Customer.objects.filter(email=EMAIL)


class TestAMark:
    @pytest.mark.parametrize("text", [EMAIL, EMAIL.upper(), f" {EMAIL} "])
    def test_finds_the_whole_text_in_its_tenant_only(self, ida, text, other_tenant_id):
        assert found(text) == [ida]
        assert found("ida.vogel@zephyr.exampl") == found("vogel@zephyr.example") == []
        with tenant(other_tenant_id):
            assert found(text) == []
            (theirs,) = create(email=EMAIL)
            assert found(text) == [theirs]
            assert theirs.email_mark != ida.email_mark

    def test_is_another_one_when_the_text_is(self, ida):
        update(ida, email=LATER)

        assert (found(EMAIL), found(LATER)) == ([], [ida])


class TestADestroyedKey:
    def test_leaves_erased_everywhere(self, ida):
        update(ida, email=LATER)

        destroy_keys(ida.id, databases=["business"])

        assert read(ida).email == ERASED
        assert {ERASED} == {one.email for one in history_model(Customer).objects.filter(pgh_obj_id=ida.id)}
        assert all("later" not in str(one) for one in changes(Customer, entity_id=ida.id))


class TestMany:
    def test_are_written_and_read_by_as_many_statements_as_one(self, ida):
        with CaptureQueriesContext(connections["business"]) as one:
            create_named("A", 1)
        with CaptureQueriesContext(connections["business"]) as many:
            create_named("B", 30)
        assert len(many) == len(one)

        forget_keys()
        with CaptureQueriesContext(connections["business"]) as reading:
            emails = {customer.email for customer in queries.customers()}

        assert len(emails) == 32
        assert len(reading) == 2  # the rows, and the keys of all of them


def create_named(prefix: str, count: int) -> None:
    new = [commands.NewCustomer(code=f"{prefix}{n}", name="Ida", email=f"{prefix}{n}@x.example") for n in range(count)]
    commands.create_customers(customers=new, actor=ADA, now=timezone.now())


@pytest.mark.django_db(transaction=True)
class TestWhatLayThereInPlain:
    def test_is_sealed_and_marked_with_its_history_once_however_often_it_is_done(self, ida):
        with connections["business"].cursor() as cursor:
            cursor.execute("update orders_customer set email = %s, email_mark = ''", [EMAIL])
        assert "zephyr" in lies_there()
        assert read(ida).email == EMAIL, "what is not sealed yet is read as it is"
        known = read(ida).version, len(changes(Customer, entity_id=ida.id))

        with as_owner("business"), no_tenant():
            sealed = [seal_column("business", Customer, history_model(Customer), name="email") for _ in range(2)]

        assert sealed == [2, 0]  # the row, and the version of it that history noted
        assert "zephyr" not in lies_there()
        assert (read(ida).email, found(EMAIL)) == (EMAIL, [ida])
        assert (read(ida).version, len(changes(Customer, entity_id=ida.id))) == known


@pytest.mark.django_db(transaction=True)
class TestAfterARotation:
    """What lies there is sealed with the new key, its history too; who reads it notices nothing."""

    @pytest.fixture(autouse=True)
    def _tenants(self, in_tenant, settings, monkeypatch):
        monkeypatch.setattr("apps.core.crypto.rotation.tenants", lambda: [in_tenant])

    def test_columns_and_history_are_sealed_anew_once_however_often_it_is_done(self, ida, capsys):
        update(ida, email=LATER)
        known = read(ida).version, len(changes(Customer, entity_id=ida.id)), versions()
        renewed(ida)

        for _ in range(2):
            call_command("reseal_columns", "--database", "business")

        told = capsys.readouterr().out.splitlines()
        ends = [line for line in told if "texts sealed anew" in line]
        assert ends == ["business: 3 of 3 texts sealed anew", "business: 0 of 3 texts sealed anew"]
        assert (known[2], versions()) == ({1}, {2})
        assert (read(ida).version, len(changes(Customer, entity_id=ida.id))) == known[:2]
        assert (read(ida).email, found(LATER)) == (LATER, [ida])
        assert changes(Customer, entity_id=ida.id)[0].before["email"] == EMAIL

    def test_what_was_cut_off_is_carried_on(self, ida, monkeypatch):
        create_named("A", 5)
        for customer in queries.customers():
            renewed(customer)
        monkeypatch.setattr(resealing, "_BATCH", 2)
        with as_owner("business"):
            first = next(resealing.reseal("business", ida.tenant_id))
            rest = list(resealing.reseal("business", ida.tenant_id))

        assert (first.sealed, sum(one.sealed for one in rest)) == (2, 10)
        assert versions() == {2}

    def test_a_text_that_is_changed_meanwhile_is_left_to_who_changed_it(self, ida, monkeypatch):
        renewed(ida)
        seal = resealing.encrypt

        def change_first(text, **place):
            with connections["business"].cursor() as cursor:
                cursor.execute("update orders_customer set email = '' where id = %s", [ida.id])
            return seal(text, **place)

        monkeypatch.setattr(resealing, "encrypt", change_first)
        with as_owner("business"):
            assert next(resealing.reseal("business", ida.tenant_id)).sealed == 0

        assert read(ida).email == ""

    def test_somebody_who_is_erased_stays_erased(self, ida):
        renewed(ida)
        destroy_keys(ida.id, databases=["business"])

        call_command("reseal_columns", "--database", "business")

        assert read(ida).email == ERASED

    def test_it_says_what_it_lacks(self, settings):
        settings.DATABASE_OWNERS = {}

        with pytest.raises(CommandError, match="BUSINESS_DATABASE_OWNER_URL"):
            call_command("reseal_columns", "--database", "business")


def renewed(customer: Customer) -> None:
    renew_key(Customer._meta.get_field("email").owner_of(customer, "business"))
    forget_keys()


def versions() -> set[int]:
    """Of the keys that seal what lies there."""
    return {version_of(token)[1] for token in re.findall(PATTERN, lies_there())}
