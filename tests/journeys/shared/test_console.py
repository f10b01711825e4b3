"""The console as the people of a tenant use it, in a browser, against a whole platform."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.accessibility import serious
from tests.journeys.browsing import Visitor, toast
from tests.journeys.client import order_for
from tests.journeys.waiting import until

pytestmark = pytest.mark.browser

ORDER_PAGE = re.compile(r"/orders/[0-9a-f-]{36}/$")


class TestDashboard:
    def test_shows_what_was_sold_and_leads_to_it(self, signed_in, acme):
        product = acme.new_product(stock=3, name="Walnut Letter Rack")
        order = acme.post("orders", order_for(product, 2))
        until(lambda: acme.get("orders", number=order["number"]), "the order is listed")

        page = signed_in("manager").open("/")

        expect(page.get_by_text("Revenue, 30 days · GBP")).to_be_visible()
        expect(page.get_by_text("Products low on stock")).to_be_visible()
        expect(page.locator("main svg polyline, main svg path").first).to_be_visible()
        page.get_by_role("link", name=order["number"]).click()
        expect(page.get_by_role("heading", name=f"Order {order['number']}")).to_be_visible()


class TestAnOrder:
    def test_is_placed_seen_by_others_at_once_and_cancelled(self, signed_in, acme):
        """With the keyboard and the mouse; a second tab is never touched."""
        product = acme.new_product(stock=20, name=f"Lantern {uuid4().hex[:6]}")
        manager = signed_in("manager")
        beside = self._listening(manager)

        page = manager.open("/orders/new")
        self._fill_in(page, product["name"])
        page.get_by_role("button", name="Place order").click()
        expect(page).to_have_url(ORDER_PAGE)
        order_path = manager.path
        number = page.get_by_role("heading", level=1).inner_text().removeprefix("Order ")

        toast(page, f"Placed order {number}")
        timeline = page.locator("#timeline")
        expect(timeline.get_by_role("heading", name="Order placed")).to_be_visible()
        expect(timeline.get_by_title(re.compile("OrderPlaced"))).to_have_text("#1")
        expect(timeline).to_contain_text("1 line, £37.50")
        expect(timeline).to_contain_text("by Max Reed")
        assert acme.on_hand(product["id"]) == 17
        row = beside.get_by_role("row").filter(has=beside.get_by_role("link", name=number, exact=True))
        expect(row).to_contain_text("£37.50")
        expect(row).to_contain_text("Placed")

        page.get_by_role("button", name="Cancel order").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Reason").fill("Ordered twice")
        dialog.get_by_role("button", name="Cancel order").click()

        toast(page, f"Cancelled order {number}")
        expect(timeline.get_by_role("heading", name="Order cancelled")).to_be_visible()
        expect(timeline).to_contain_text("Ordered twice")
        expect(page.get_by_role("button", name="Cancel order")).to_have_count(0)
        assert acme.on_hand(product["id"]) == 20
        expect(row).to_contain_text("Cancelled")

        stock = manager.open(f"/products/{product['id']}/").get_by_role("region", name="Stock movements")
        expect(stock.locator(f'a[href="{order_path}"]')).to_have_count(2)

    @staticmethod
    def _listening(manager: Visitor) -> Page:
        """The list of orders in a tab that has connected to the stream of news, which one tab does for all."""
        manager.page.goto("about:blank")
        tab = manager.new_tab()
        with tab.expect_response("**/events/stream") as connected:
            manager.open("/orders/", page=tab)
        assert connected.value.headers["content-type"].startswith("text/event-stream")
        return tab

    @staticmethod
    def _fill_in(page: Page, name: str) -> None:
        """Three pieces of a product for some customer: the product by keyboard alone."""
        page.keyboard.press("/")
        expect(page.get_by_label("Search products")).to_be_focused()
        page.keyboard.type(name)
        found = page.get_by_role("list", name="Products found")
        expect(found.get_by_role("listitem")).to_have_count(1)
        page.keyboard.press("Tab")
        expect(found.get_by_role("button", name=f"Add {name}")).to_be_focused()
        page.keyboard.press("Enter")
        quantity = page.get_by_label(f"Quantity of {name}")
        expect(quantity).to_have_value("1")
        quantity.fill("3")
        quantity.press("Tab")
        expect(page.get_by_label("Total")).to_have_text("£37.50")
        page.get_by_label("Search customers").press_sequentially("Ada")
        page.get_by_role("button", name=re.compile("^Choose Ada")).first.click()
        expect(page.get_by_role("button", name="Change")).to_be_visible()

    def test_that_asks_for_more_than_there_is_says_so_on_its_line(self, signed_in, acme):
        product = acme.new_product(stock=2, name=f"Bell {uuid4().hex[:6]}")
        manager = signed_in("manager")
        page = manager.open("/orders/new")
        self._fill_in(page, product["name"])

        with manager.expecting(422):
            page.get_by_role("button", name="Place order").click()
            expect(page.get_by_role("alert")).to_contain_text("2")

        assert acme.on_hand(product["id"]) == 2
        page.get_by_label(f"Quantity of {product['name']}").fill("2")
        page.get_by_role("button", name="Place order").click()
        expect(page).to_have_url(ORDER_PAGE)


class TestAProduct:
    def test_changed_by_somebody_else_meanwhile_shows_the_conflict(self, signed_in, acme):
        product = acme.new_product(stock=1, name=f"Vase {uuid4().hex[:6]}")
        manager = signed_in("manager")
        page = manager.open(f"/products/{product['id']}/")
        other = signed_in("owner")
        other.open(f"/products/{product['id']}/")
        _save(other.page, "Name", "Vase of the owner")
        toast(other.page, "Saved Vase of the owner")

        with manager.expecting(409):
            _save(page, "Unit price", "13.75")
            panel = page.get_by_role("alert").filter(has_text="saved this product")
            expect(panel).to_contain_text("Olive Hart")

        assert acme.get(f"products/{product['id']}")["unit_price"] == "12.5000"
        expect(page.get_by_label("Unit price")).to_have_value("13.75")
        page.get_by_role("button", name="Save changes").click()
        toast(page, "Saved")
        assert acme.get(f"products/{product['id']}")["unit_price"] == "13.7500"

    def test_deleted_comes_back_with_undo(self, signed_in, acme):
        product = acme.new_product(stock=1)
        manager = signed_in("manager")
        page = manager.open(f"/products/{product['id']}/")

        page.get_by_role("button", name="Delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete product").click()

        toast(page, f"Deleted {product['name']}")
        assert manager.path == "/products/"
        assert acme.get(f"products/{product['id']}")["deleted_at"]
        expect(page.get_by_role("link", name=product["name"])).to_have_count(0)

        page.get_by_role("button", name="Undo").click()

        toast(page, f"Restored {product['name']}")
        expect(page.get_by_role("heading", level=1)).to_have_text(product["name"])
        assert acme.get(f"products/{product['id']}")["deleted_at"] is None

    def test_deleted_is_found_and_restored_later(self, signed_in, acme):
        product = acme.new_product(stock=1)
        acme.request("DELETE", f"products/{product['id']}")

        page = signed_in("manager").open("/products/?state=deleted")
        page.get_by_role("button", name=f"Restore {product['name']}").click()

        toast(page, f"Restored {product['name']}")
        assert acme.get(f"products/{product['id']}")["deleted_at"] is None


class TestAudit:
    def test_shows_who_changed_what_before_and_after(self, signed_in, acme):
        product = acme.new_product(stock=1, name="Plain Jug")
        manager = signed_in("manager")
        manager.open(f"/products/{product['id']}/")
        _save(manager.page, "Name", "Painted Jug")
        toast(manager.page, "Saved Painted Jug")

        page = manager.open(f"/audit/?q={product['id']}")

        entry = page.get_by_role("list", name="Changes").get_by_role("listitem").first
        expect(entry).to_contain_text("by Max Reed")
        expect(entry.locator("del").filter(has_text="Plain Jug")).to_be_visible()
        expect(entry.locator("ins").filter(has_text="Painted Jug")).to_be_visible()


class TestKeyboard:
    def test_reaches_pages_the_search_and_the_list_of_keys(self, signed_in):
        manager = signed_in("manager")
        page = manager.open("/")
        for key, path in (("o", "/orders/"), ("p", "/products/"), ("u", "/people/"), ("a", "/audit/"), ("h", "/")):
            page.keyboard.press("g")
            page.keyboard.press(key)
            expect(page).to_have_url(f"{manager.base_url}{path}")
            expect(page.locator("#main")).to_be_visible()

        page.keyboard.press("?")
        shown = page.get_by_role("dialog", name="Keyboard shortcuts")
        expect(shown).to_be_visible()
        page.keyboard.press("Escape")
        expect(shown).to_be_hidden()

        page.keyboard.press("/")
        expect(page.get_by_label("Search orders")).to_be_focused()
        page.keyboard.type("SO-00001")
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name="SO-000010", exact=True)).to_be_visible()
        expect(page.get_by_role("link", name="SO-000020", exact=True)).to_have_count(0)

    def test_skips_to_the_content(self, signed_in):
        page = signed_in("manager").open("/orders/")

        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        page.keyboard.press("Enter")

        expect(page.locator("#main")).to_be_focused()


class TestAccessibility:
    def test_axe_finds_nothing_serious_where_most_people_are(self, signed_in, visitor, acme):
        """All other pages, each in light and dark, are looked at by `.ci/extra/pages`."""
        found = serious(visitor().open("/sign-in/"), "light")
        order = acme.post("orders", order_for(acme.new_product(stock=2)))
        manager = signed_in("manager")
        found += serious(manager.open("/orders/new"), "light")
        found += serious(manager.open(f"/orders/{order['id']}/"), "dark")

        assert found == []


def _save(page: Page, label: str, value: str) -> None:
    page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Save changes").click()
