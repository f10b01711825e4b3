"""Carts: filled, told at today's prices, merged at sign-in, forgotten."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.business.carts import commands, queries
from apps.business.carts.errors import CartIsFull, InvalidShop, NotForSale
from apps.business.carts.models import Cart, CartLine
from apps.business.carts.tests.factories import ADA, add, goods, open_shop, person
from apps.business.carts.visitors import Visitor
from apps.business.catalog import commands as catalog
from apps.business.inventory import commands as inventory
from apps.core.errors import PreconditionFailed
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]


def lying_in(visitor):
    contents = queries.contents_of(visitor, currency="GBP", now=timezone.now())
    return {item.name: item.quantity for item in contents.items}


def item_in(visitor):
    (item,) = queries.contents_of(visitor, currency="GBP", now=timezone.now()).items
    return item


def adopt(person, token):
    return commands.adopt(visitor=person, token=token, currency="GBP", now=timezone.now())


class TestFilling:
    def test_gives_somebody_unknown_a_token_and_keeps_only_its_hash(self):
        pot = goods(name="Tea pot")

        guest = add(add(Visitor(), pot, 2), pot)

        assert lying_in(guest) == {"Tea pot": 3}
        assert Cart.objects.in_tenant().get().token_hash not in ("", guest.token)

    def test_opens_nothing_with_a_token_that_is_not_ours(self):
        pot = goods()
        stranger = Visitor(token="guessed")

        assert add(stranger, pot).token != "guessed"
        assert lying_in(stranger) == {}

    def test_sets_a_number_takes_out_at_none_and_repeats_without_harm(self):
        somebody, pot = person(), goods(name="Tea pot")
        for quantity in (4, 4, 0, 0):
            commands.put(visitor=somebody, product_id=pot.id, quantity=quantity, currency="GBP", now=timezone.now())
            assert lying_in(somebody) == ({"Tea pot": 4} if quantity else {})

    def test_refuses_what_is_not_for_sale(self):
        master = goods()
        goods(variant_of=master, options={"size": "M"})
        in_euro, deleted = goods(currency="EUR"), goods()
        catalog.delete_product(product_id=deleted.id, actor=ADA, now=timezone.now())

        for product in (master, in_euro, deleted):
            with pytest.raises(NotForSale):
                add(person(), product)

    def test_has_an_end(self, monkeypatch):
        monkeypatch.setattr("apps.business.carts.commands.filling.MOST_PRODUCTS", 1)
        somebody = person()
        add(somebody, goods())

        with pytest.raises(CartIsFull):
            add(somebody, goods())

    def test_is_nobody_elses(self, other_tenant_id):
        guest, pot = Visitor(), goods()
        guest = add(guest, pot)

        assert lying_in(person()) == {}
        with tenant(other_tenant_id):
            assert lying_in(guest) == {}


class TestToday:
    def test_tells_that_a_price_is_another_than_when_it_was_put_in(self):
        somebody, pot = person(), goods(price_e4=2_5000)
        add(somebody, pot, 2)
        assert not item_in(somebody).has_new_price

        catalog.update_product(product_id=pot.id, changes={"unit_price": Decimal(3)}, actor=ADA, now=timezone.now())

        item = item_in(somebody)
        assert (item.seen_price_e4, item.price_e4, item.total_minor, item.has_new_price) == (25000, 30000, 600, True)

    def test_tells_what_is_short_and_counts_what_may_be_waited_for(self):
        somebody, pot = person(), goods(on_hand=2)
        add(somebody, pot, 3)
        assert (item_in(somebody).most, item_in(somebody).is_short) == (2, True)

        inventory.allow_back_orders(product_id=pot.id, at_most=5, actor=ADA)

        assert (item_in(somebody).most, item_in(somebody).is_short) == (7, False)

    def test_keeps_showing_what_is_not_sold_any_more(self):
        somebody, pot = person(), goods()
        add(somebody, pot)
        catalog.delete_product(product_id=pot.id, actor=ADA, now=timezone.now())

        contents = queries.contents_of(somebody, currency="GBP", now=timezone.now())

        assert (contents.items[0].is_gone, contents.total_minor, contents.can_be_ordered) == (True, 0, False)

    def test_costs_as_many_statements_however_much_lies_in_it(self, django_assert_max_num_queries):
        somebody = person()
        for _ in range(3):
            add(somebody, goods())

        with django_assert_max_num_queries(10, using="business"):
            queries.contents_of(somebody, currency="GBP", now=timezone.now())


class TestSigningIn:
    def test_brings_everything_along_and_adds_what_is_in_both(self):
        pot, cup, tray = goods(name="Pot"), goods(name="Cup"), goods(name="Tray")
        somebody, guest = person(), add(add(Visitor(), pot, 2), cup)
        add(somebody, pot, 3)
        add(somebody, tray)

        adopt(somebody, guest.token)

        assert lying_in(somebody) == {"Pot": 5, "Cup": 1, "Tray": 1}
        assert lying_in(guest) == {}

    def test_merges_once_however_often_it_is_told(self):
        pot, somebody = goods(name="Pot"), person()
        guest = add(Visitor(), pot, 2)

        assert adopt(somebody, guest.token) is not None
        assert [adopt(somebody, guest.token), adopt(person(), guest.token), adopt(somebody, "x")] == [None] * 3
        assert lying_in(somebody) == {"Pot": 2}
        assert CartLine.objects.in_tenant().count() == 1

    @pytest.mark.parametrize(
        ("on_hand", "own", "theirs", "together"), [(10, 3, 4, 7), (5, 3, 4, 5), (2, 3, 4, 4), (2, 6, 1, 6)]
    )
    def test_adds_up_as_far_as_there_is_stock_and_makes_no_line_smaller(self, on_hand, own, theirs, together):
        pot, somebody = goods(name="Pot", on_hand=on_hand), person()
        guest = add(Visitor(), pot, theirs)
        add(somebody, pot, own)

        adopt(somebody, guest.token)

        assert lying_in(somebody) == {"Pot": together}


class TestForgetting:
    def test_deletes_what_nobody_came_back_to(self, other_tenant_id):
        pot = goods(name="Pot")
        old, fresh = person(), person()
        for somebody in (old, fresh):
            add(somebody, pot)
        now = timezone.now()
        Cart.objects.in_tenant().filter(user_id=old.user_id).update(touched_at=now - timedelta(days=61))

        with tenant(other_tenant_id):
            assert commands.forget_untouched(since=now, actor=SYSTEM) == 0
        since = now - timedelta(days=60)
        assert [commands.forget_untouched(since=since, actor=SYSTEM) for _ in range(2)] == [1, 0]
        assert (lying_in(old), lying_in(fresh)) == ({}, {"Pot": 1})


class TestTheShop:
    def test_is_closed_until_somebody_opens_it_and_changes_once(self):
        assert queries.shop() is None

        assert [open_shop().version for _ in range(2)] == [1, 1]
        assert open_shop(title="Tea").version == 2
        with pytest.raises(PreconditionFailed):
            commands.set_shop(
                settings=commands.ShopSettings(is_open=False, currency="GBP"), actor=ADA, expected_version=1
            )

    def test_refuses_money_that_there_is_not(self):
        with pytest.raises(InvalidShop) as refused:
            open_shop(currency="XXX")

        assert list(refused.value.errors) == ["currency"]
