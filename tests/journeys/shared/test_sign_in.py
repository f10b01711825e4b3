"""Who gets in, how far, and what the browser is left with."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Error, Page, Response, expect

from tests.journeys.browsing import Visitor
from tests.journeys.client import order_for

pytestmark = pytest.mark.browser

JWT = re.compile(r"eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}")
TOKEN_NAMES = re.compile(r"\b(access|refresh|id)_?token\b", re.IGNORECASE)
PAGES = ("/", "/orders/", "/orders/new", "/products/", "/people/", "/roles/", "/audit/")
STORED = "() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"


# What the page asks for by itself while somebody is still typing: nobody is signed in, so there is no token yet.
BEFORE_ANYBODY_IS_KNOWN = "/sign-in/passkey/options"


class Listener:
    """Keeps everything that reaches a browser and could hold a token."""

    def __init__(self, visitor: Visitor) -> None:
        self.texts: list[tuple[str, str]] = []
        self._answers: list[Response] = []
        visitor.context.on("response", self._keep)

    def _keep(self, answer: Response) -> None:
        self._answers.append(answer)

    def read(self) -> None:
        """Keep what came since the last time: addresses, and the bodies of all but redirects, pictures and streams.

        To be called before the page is left: the browser then forgets the bodies. What came too late for that is asked
        for again.
        """
        for answer in self._answers:
            self.texts.append((f"address {answer.url}", answer.url))
            if answer.request.resource_type in ("document", "xhr", "fetch") and not 300 <= answer.status < 400:
                self.texts.append((f"body of {answer.url}", self._body(answer)))
        self._answers.clear()

    @staticmethod
    def _body(answer: Response) -> str:
        try:
            return answer.text()
        except Error:
            if answer.url.endswith(BEFORE_ANYBODY_IS_KNOWN):
                return ""
            assert answer.request.method == "GET", f"the answer to {answer.request.method} {answer.url} is lost"
            return answer.frame.page.request.get(answer.url).text()


class TestSigningIn:
    def test_arrives_where_the_person_wanted_to_go(self, visitor, platform):
        manager = visitor()

        page = manager.sign_in(platform.account("acme", "manager"), "/orders/?status=placed")

        expect(page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()
        assert page.url == f"{platform.base_url}/orders/?status=placed"
        page.get_by_role("button", name="Your account: Max Reed").click()
        expect(page.get_by_text("manager@acme.example")).to_be_visible()

    def test_leaves_no_token_where_the_browser_could_read_it(self, visitor, platform):
        manager = visitor()
        heard = Listener(manager)
        page = manager.open("/")
        heard.read()
        manager.give_password(platform.account("acme", "manager"))
        expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
        heard.read()

        for path in ("/auth/session", "/api/v1/me"):
            heard.texts.append((f"body of {path}", manager.context.request.get(path).text()))
        for path in PAGES[:3]:
            manager.open(path)
            heard.read()
            heard.texts.append((f"storage at {path}", page.evaluate(STORED)))

        found = heard.texts
        assert any("code=" in text for where, text in found if where.startswith("address"))
        assert [where for where, text in found if JWT.search(text) or TOKEN_NAMES.search(text)] == []
        cookies = {cookie["name"]: cookie for cookie in manager.context.cookies()}
        assert {name for name, cookie in cookies.items() if not cookie["httpOnly"]} == {"csrf"}
        assert {"bff_session", "op_session"} <= set(cookies)
        assert not [name for name, cookie in cookies.items() if JWT.search(cookie["value"])]

    def test_refuses_a_wrong_password_without_saying_what_is_wrong(self, visitor, platform):
        stranger = visitor()
        stranger.open("/")

        with stranger.expecting(422):
            stranger.give_password({"email": "manager@acme.example", "password": "guessed"})
            expect(stranger.page.get_by_text("do not belong together")).to_be_visible()

        stranger.open("/orders/")
        assert stranger.path == "/sign-in/"


class TestSigningOut:
    def test_ends_both_sessions(self, visitor, platform):
        manager = visitor()
        page = manager.sign_in(platform.account("acme", "manager"), "/products/")
        expect(page.get_by_role("heading", name="Products", exact=True)).to_be_visible()
        with page.expect_request("**/oidc/authorize?*") as asked:
            manager.open("/auth/login?next=/products/")
        expect(page.get_by_role("heading", name="Products", exact=True)).to_be_visible()

        sign_out(page)

        page.go_back(wait_until="commit")
        expect(page.get_by_label("Password")).to_be_visible()
        expect(page.get_by_role("heading", name="Products", exact=True)).to_be_hidden()
        for path in ("/orders/", asked.value.url):
            manager.open(path)
            assert manager.path == "/sign-in/", path
        assert manager.context.request.get("/api/v1/me").status == 401


class TestPlatformStaff:
    def test_enters_the_admin(self, visitor, platform):
        staff = visitor()

        page = staff.sign_in(platform.staff(), "/admin/")

        expect(page).to_have_url(f"{platform.base_url}/admin/")
        expect(page.get_by_role("link", name="Tenants").first).to_be_visible()

    def test_is_nobody_of_a_tenant(self, visitor, platform):
        manager = visitor()
        manager.open("/admin/")

        with manager.expecting(403):
            manager.give_password(platform.account("acme", "manager"))
            expect(manager.page.get_by_text("does not belong to the platform's staff")).to_be_visible()

        manager.open("/admin/")
        assert manager.path == "/sign-in/"

    def test_is_no_manager_who_is_signed_in_already(self, signed_in):
        manager = signed_in("manager")

        manager.open("/admin/tenants/tenant/")

        assert manager.path == "/sign-in/"


class TestViewer:
    def test_sees_no_button_that_would_not_work(self, signed_in, acme):
        viewer = signed_in("viewer")
        order = next(acme.every("orders", status="placed"))
        product = next(acme.every("products"))

        for path in ("/", "/orders/", f"/orders/{order['id']}/", "/products/", f"/products/{product['id']}/"):
            page = viewer.open(path)
            page.wait_for_load_state()
            for name in (
                "New order",
                "New product",
                "Cancel order",
                "Return",
                "Save changes",
                "Delete",
                "Adjust stock",
            ):
                expect(page.locator("main").get_by_text(name, exact=True)).to_have_count(0)

    @pytest.mark.parametrize(
        ("path", "permission"),
        [("/orders/new", "orders.place"), ("/products/new", "products.manage"), ("/people/invite", "users.manage")],
    )
    def test_is_told_which_permission_is_missing_and_who_grants_it(self, signed_in, path, permission):
        viewer = signed_in("viewer")

        page = viewer.open(path, status=403)

        expect(page.get_by_text(permission)).to_be_visible()
        expect(page.get_by_text("Who can grant it")).to_be_visible()
        expect(page.get_by_text("signed in as viewer@acme.example")).to_be_visible()


class TestAnotherTenant:
    def test_finds_nothing_in_any_list(self, signed_in, acme):
        owner = signed_in("owner", "globex")
        acmes = [row["id"] for path in ("orders", "products", "customers") for row in acme.every(path)]
        acmes += [row["id"] for row in acme.every("users") if not row["email"].endswith("@globex.example")]
        assert len(acmes) > 70

        for path in (*PAGES, "/products/?state=low", "/people/?state=deleted"):
            page = owner.context.request.get(path)
            assert page.ok, path
            assert [known for known in acmes if known in page.text()] == [], path
        for path in ("orders", "products", "customers", "users", "stock-levels", "changes"):
            text = owner.context.request.get(f"/api/v1/{path}?limit=200").text()
            assert [known for known in acmes if known in text] == [], path

    def test_finds_nothing_by_guessing_ids(self, signed_in, acme):
        owner = signed_in("owner", "globex")
        order, product = next(acme.every("orders")), next(acme.every("products"))
        person = next(row for row in acme.every("users") if row["email"] == "manager@acme.example")
        customer = next(acme.every("customers"))

        for path in (f"/orders/{order['id']}/", f"/products/{product['id']}/", f"/people/{person['id']}/"):
            page = owner.context.request.get(path)
            assert page.status == 404, path
            assert order["number"] not in page.text()
        for path in (
            *(f"orders/{order['id']}", f"orders/{order['id']}/events", f"products/{product['id']}"),
            *(f"users/{person['id']}", f"customers/{customer['id']}"),
        ):
            assert owner.context.request.get(f"/api/v1/{path}").status == 404, path

    def test_cannot_order_what_is_not_his(self, signed_in, acme):
        owner = signed_in("owner", "globex")
        product = acme.new_product(stock=5)
        token = owner.context.request.get("/auth/session").json()["csrfToken"]

        answer = owner.context.request.post(
            "/api/v1/orders", data=order_for(product), headers={"X-CSRFToken": token, "Origin": owner.base_url}
        )

        assert answer.status == 422, answer.text()
        assert acme.on_hand(product["id"]) == 5


def sign_out(page: Page) -> None:
    page.get_by_role("button", name=re.compile("Your account")).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
