"""What every entity promises, shown on a product: the optimistic lock, stamps, soft delete, history."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import DatabaseError, connections
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.business.catalog import commands
from apps.business.catalog.commands import NewProduct
from apps.business.catalog.models import Product
from apps.core.db.ids import uuid7
from apps.core.errors import Overtaken
from apps.core.events import unit_of_work
from apps.core.history import SYSTEM, Actor, acting
from apps.core.history.changes import ChangeFilter, changes_of
from apps.core.tenancy import NoTenant, no_tenant

pytestmark = pytest.mark.django_db
ADA = Actor(kind="user", id=uuid4(), name="Ada")


def make_product(sku: str = "A-1", name: str = "Thing") -> Product:
    new = NewProduct(sku=sku, name=name, unit_price=Decimal("2.50"), currency="GBP")
    return commands.create_product(product=new, actor=ADA, now=timezone.now())


def history(product: Product) -> list[tuple[str, str]]:
    found = changes_of(Product, where=ChangeFilter(entity_ids=(product.id,)), limit=50)
    return [(change.action, change.actor_name) for change in reversed(found)]


class TestIds:
    def test_sort_in_the_order_in_which_they_were_made(self):
        ids = [uuid7() for _ in range(1000)]

        assert ids == sorted(ids)
        assert {made.version for made in ids} == {7}


class TestOptimisticLock:
    def test_refuses_a_save_over_somebody_elses(self, in_tenant):
        product = make_product()
        mine, other = Product.objects.get(id=product.id), Product.objects.get(id=product.id)
        other.save()

        with pytest.raises(Overtaken), unit_of_work(Product):
            mine.save()

        assert Product.objects.get(id=product.id).version == other.version

    def test_counts_every_save_and_says_who_and_when(self, in_tenant):
        product = make_product()
        before = product.updated_at

        with acting(ADA):
            product.save(update_fields=["name"])

        product.refresh_from_db()
        assert (product.version, product.updated_by) == (2, ADA.id)
        assert product.updated_at > before

    def test_counts_updates_of_many_rows_too(self, in_tenant):
        product = make_product()

        with acting(ADA):
            Product.objects.in_tenant().update(description="new")

        product.refresh_from_db()
        assert (product.version, product.updated_by) == (2, ADA.id)


class TestTenantScoped:
    def test_cannot_be_made_outside_a_tenant(self):
        with no_tenant(), pytest.raises(NoTenant):
            Product(sku="A-1")

    def test_is_not_asked_for_outside_a_tenant(self):
        with no_tenant(), pytest.raises(NoTenant):
            Product.objects.in_tenant()


class TestSoftDelete:
    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(name=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=40))
    def test_followed_by_restore_changes_nothing_but_the_bookkeeping(self, in_tenant, name):
        name = name.strip() or "x"
        product = make_product(sku=uuid4().hex, name=name)
        before = Product.objects.filter(id=product.id).values().get()

        commands.delete_product(product_id=product.id, actor=ADA, now=timezone.now())
        assert not Product.objects.filter(id=product.id).exists()
        commands.restore_product(product_id=product.id, actor=ADA, now=timezone.now())

        after = Product.objects.filter(id=product.id).values().get()
        bookkeeping = {"version", "updated_at", "updated_by"}
        assert {k: v for k, v in after.items() if k not in bookkeeping} == {
            k: v for k, v in before.items() if k not in bookkeeping
        }

    def test_frees_what_was_unique(self, in_tenant):
        product = make_product("A-1")
        commands.delete_product(product_id=product.id, actor=ADA, now=timezone.now())

        assert make_product("A-1").id != product.id


class TestHistory:
    def test_tells_who_did_what_in_order(self, in_tenant):
        product = make_product()
        commands.delete_product(product_id=product.id, actor=ADA, now=timezone.now())
        commands.restore_product(product_id=product.id, actor=ADA, now=timezone.now())

        assert history(product) == [("created", "Ada"), ("deleted", "Ada"), ("restored", "Ada")]

    def test_catches_an_update_that_passes_every_save_by(self, in_tenant):
        product = make_product()

        with acting(ADA, reason="spring clean"):
            Product.objects.in_tenant().update(name="Cleaned")

        newest = changes_of(Product, where=ChangeFilter(entity_ids=(product.id,)), limit=1)[0]
        assert (newest.before["name"], newest.after["name"]) == ("Thing", "Cleaned")
        assert (newest.actor_name, newest.reason) == ("Ada", "spring clean")

    def test_catches_plain_sql_and_names_the_system(self, in_tenant):
        product = make_product()

        with connections["business"].cursor() as cursor:
            cursor.execute("update catalog_product set name = 'By hand' where id = %s", [product.id])

        assert history(product)[-1] == ("updated", SYSTEM.name)

    @pytest.mark.parametrize("statement", ["update {} set pgh_label = 'x'", "delete from {}"])
    def test_cannot_be_rewritten_by_the_application(self, in_tenant, statement):
        make_product()
        table = Product.pgh_event_model._meta.db_table

        with pytest.raises(DatabaseError), connections["business"].cursor() as cursor:
            cursor.execute(statement.format(table))
