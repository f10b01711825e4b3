"""What an owner sets up for the company: policies, directories, identity providers, exports; in a browser."""

from __future__ import annotations

import json
import re
import zipfile
from uuid import uuid4

import httpx2
import pytest
from playwright.sync_api import expect

from tests.journeys.browsing import toast
from tests.journeys.client import order_for
from tests.journeys.mailbox import join

pytestmark = pytest.mark.browser


class TestAPolicy:
    def test_is_tried_out_then_refuses_by_its_name_until_it_is_removed(self, signed_in, acme):
        order = acme.post("orders", order_for(acme.new_product(stock=5)))
        name = f"No late changes {uuid4().hex[:6]}"
        owner = signed_in("owner")
        page = owner.open("/access/policies/new?by=text")
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_label("Policy", exact=True).fill(
            'forbid (principal in Role::"manager", action == Action::"orders.cancel", resource is Order);'
        )
        page.get_by_role("button", name="Preview").click()
        expect(page.get_by_role("heading", name="What would change")).to_be_visible()
        page.get_by_role("button", name="Save policy").click()
        toast(page, f"“{name}” is made")

        manager = signed_in("manager")
        cancel = manager.page.get_by_role("button", name="Cancel order")
        expect(manager.open(f"/orders/{order['id']}/").get_by_role("heading", name="Order placed")).to_be_visible()
        expect(cancel).to_have_count(0)
        refused = acme.request("POST", f"orders/{order['id']}/cancellation", json={"reason": "Late"})
        assert (refused.status_code, name in refused.text) == (403, True), refused.text

        page.get_by_role("link", name=name).click()
        page.get_by_role("button", name="Remove").click()
        page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        toast(page, "Removed it")
        manager.page.reload()
        cancel.click()
        dialog = manager.page.get_by_role("dialog")
        dialog.get_by_label("Reason").fill("Changed their mind")
        dialog.get_by_role("button", name="Cancel order").click()
        toast(manager.page, "Cancelled order")

    def test_that_is_no_cedar_is_shown_where(self, signed_in):
        owner = signed_in("owner")
        page = owner.open("/access/policies/new?by=text")
        page.get_by_label("Name", exact=True).fill("Broken")
        page.get_by_label("Policy", exact=True).fill('forbid (principal, action == Action::"orders.vanish", resource);')

        with owner.expecting(422):
            page.get_by_role("button", name="Save policy").click()
            expect(page.get_by_text("orders.vanish").first).to_be_visible()


class TestADirectory:
    def test_is_connected_brings_a_person_and_is_disconnected(self, signed_in, platform):
        name, mark = f"People of {uuid4().hex[:6]}", uuid4().hex[:6]
        owner = signed_in("owner")
        page = owner.open("/settings/directories/new")
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_label("Role of new people").select_option(label="Viewer")
        page.get_by_role("button", name="Connect").click()
        expect(page.get_by_role("heading", name="Copy it now")).to_be_visible()
        token = page.locator(".secret").last.inner_text()
        page.get_by_role("link", name="Done").click()
        expect(page.get_by_role("heading", name="Set it up")).to_be_visible()

        made = _provision(platform.base_url, token, f"dora.{mark}@acme.example", f"Dora {mark}")
        assert made.status_code == 201, made.text
        page.reload()
        expect(page.get_by_role("list", name="Latest activity")).to_contain_text(f"Dora {mark}")
        expect(owner.open(f"/people/?q=dora.{mark}").get_by_role("link", name=f"Dora {mark}").first).to_be_visible()

        page = owner.open("/settings/directories/")
        page.get_by_role("link", name=name).click()
        page.get_by_role("button", name="Disconnect").click()
        page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
        toast(page, "Disconnected")
        assert _provision(platform.base_url, token, f"dirk.{mark}@acme.example", "Dirk").status_code == 401


class TestAnIdentityProvider:
    def test_that_does_not_answer_says_so_and_is_offered_to_nobody(self, signed_in, visitor):
        name = f"Headquarters {uuid4().hex[:6]}"
        owner = signed_in("owner")
        page = owner.open("/settings/sign-in/providers/new")
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_label("Issuer").fill("https://sso.acme.invalid")
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)

        with owner.expecting(422):
            page.get_by_role("button", name="Check connection").click()
            expect(page.get_by_text("sso.acme.invalid").first).to_be_visible()

        stranger = visitor()
        with stranger.expecting(422):
            asked = stranger.open("/sign-in/company/")
            asked.get_by_label("Work e-mail or company").fill("someone@acme.example")
            asked.keyboard.press("Enter")
            expect(asked.get_by_text("No company sign-in is set up for this")).to_be_visible()
        expect(asked.get_by_text(name)).to_have_count(0)
        page.get_by_role("button", name="Delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        toast(page, name)


class TestAnExport:
    def test_of_the_company_is_made_beside_and_downloaded(self, signed_in, acme, tmp_path):
        product = acme.new_product(stock=1, name=f"Kettle {uuid4().hex[:6]}")
        page = signed_in("owner").open("/exports/")
        page.get_by_role("button", name="Export everything").click()
        download = page.get_by_role("link", name="Download the export").first
        expect(download).to_be_visible()

        with page.expect_download() as started:
            download.click()
        started.value.save_as(tmp_path / "export.zip")

        with zipfile.ZipFile(tmp_path / "export.zip") as archive:
            manifest = json.loads(archive.read("manifest.json"))
            everything = b"".join(archive.read(name) for name in archive.namelist())
        assert manifest
        assert product["name"].encode() in everything
        assert b"argon2" not in everything


class TestAnotherCompany:
    @pytest.fixture
    def both(self, signed_in, visitor, platform) -> dict[str, str]:
        """globex's viewer, whom no other test signs in, is a member of acme, too."""
        owner, viewer = signed_in("owner"), platform.account("globex", "viewer")
        token = owner.context.request.get("/auth/session").json()["csrfToken"]
        headers = {"X-CSRFToken": token, "Origin": owner.base_url}
        invited = {"email": viewer["email"], "name": "Victor Stone", "roles": ["viewer"]}
        answer = owner.context.request.post("/api/v1/users", data=invited, headers=headers)
        assert answer.status == 201, answer.text()
        join(visitor(), "Acme Trading", viewer)
        return viewer

    def test_is_entered_from_the_menu_and_an_old_tab_says_so(self, visitor, both):
        viewer = visitor()
        page = viewer.sign_in(both)
        page.get_by_role("button", name="Globex Corporation").click()
        expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
        old = viewer.new_tab()
        viewer.open("/orders/", page=old)

        page.get_by_role("button", name=re.compile("^Your account: ")).click()
        page.get_by_role("button", name="Go to Acme Trading").click()

        expect(page.get_by_role("link", name="Acme Trading")).to_be_visible()
        told = old.get_by_role("dialog", name="This page is out of date")
        expect(told).to_contain_text("Acme Trading")
        told.get_by_role("button", name="Load this page again").click()
        expect(old.get_by_role("link", name="Acme Trading")).to_be_visible()


def _provision(base_url: str, token: str, email: str, name: str) -> httpx2.Response:
    return httpx2.post(
        f"{base_url}/scim/v2/Users",
        json={
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": email,
            "displayName": name,
            "emails": [{"value": email, "primary": True, "type": "work"}],
            "active": True,
        },
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"},
        timeout=30,
    )
