"""The console's pages about identity providers, and linking in one's account."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.identity_providers import commands, queries
from apps.iam.identity_providers.identities import Identity
from apps.iam.identity_providers.tests.conftest import Ours
from apps.iam.oidc.tests import identity
from tests.callers import Caller

pytestmark = pytest.mark.django_db
PATH = "/settings/sign-in/providers/"


def form_of(page: Any) -> dict[str, Any]:
    """What a browser would send of the form on a page."""
    form = page.context["form"]
    sent = {}
    for bound in form:
        value = bound.value()
        prepared = bound.field.prepare_value(value) if hasattr(bound.field, "prepare_value") else value
        if prepared not in (None, False, ""):
            sent[bound.html_name] = "on" if prepared is True else prepared
    return sent


class TestSettingOneUp:
    def test_goes_from_its_address_to_a_provider_that_works(self, owner: Any, browser_of: Any, theirs: Any) -> None:
        browser = browser_of(owner)
        assert b"No identity providers yet" in browser.get(PATH).content
        made = browser.post(f"{PATH}new", {"name": "Acme SSO", "issuer": theirs.issuer})
        page = browser.get(made.url)
        assert page.context["redirect_uri"].encode() in page.content
        sent = {**form_of(page), "client_id": "platform", "client_secret": "s3cret", "is_enabled": "on"}
        sent |= {"email_domains": "acme.example", "groups_claim": "groups", "role_mapping": "Accounting = clerk"}

        saved = browser.post(made.url, sent)
        checked = browser.post(f"{made.url}connection-check")

        assert saved.status_code == 302, saved.context["form"].errors
        assert b"The connection works" in checked.content
        provider = queries.identity_providers().get()
        assert (provider.is_enabled, provider.role_mapping) == (True, {"Accounting": "clerk"})
        assert b"s3cret" not in checked.content
        assert b"platform-domain-proof=" in checked.content
        assert b"Acme SSO" in browser.get(PATH).content

    def test_an_empty_secret_leaves_the_present_one(self, owner: Any, browser_of: Any, by_owner: Any) -> None:
        provider = commands.create_identity_provider(
            name="A", issuer="https://sso.example", client_secret="kept", actor=by_owner
        )
        browser = browser_of(owner)
        page = browser.get(f"{PATH}{provider.id}/")

        browser.post(f"{PATH}{provider.id}/", {**form_of(page), "name": "B"})

        found = queries.identity_provider(provider.id)
        assert (found.name, found.secret()) == ("B", "kept")

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [({"is_enabled": "on"}, "client_id"), ({"role_mapping": "Accounting"}, "role_mapping"), ({"name": ""}, "name")],
    )
    def test_says_beside_the_field_what_is_wrong(
        self, owner: Any, browser_of: Any, by_owner: Any, wrong: dict[str, str], field: str
    ) -> None:
        provider = commands.create_identity_provider(name="A", issuer="https://sso.example", actor=by_owner)
        browser = browser_of(owner)
        sent = {**form_of(browser.get(f"{PATH}{provider.id}/")), **wrong}

        page = browser.post(f"{PATH}{provider.id}/", sent)

        assert page.status_code == 422
        assert field in page.context["form"].errors
        assert browser.post(f"{PATH}new", {"name": "A", "issuer": "nonsense"}).status_code == 422

    def test_is_deleted_and_brought_back(self, owner: Any, browser_of: Any, by_owner: Any) -> None:
        provider = commands.create_identity_provider(name="A", issuer="https://sso.example", actor=by_owner)
        browser = browser_of(owner)

        browser.post(f"{PATH}{provider.id}/deletion")
        page = browser.get(f"{PATH}{provider.id}/")
        assert b"Restore" in page.content
        browser.post(f"{PATH}{provider.id}/restoration")

        assert not queries.identity_provider(provider.id).is_deleted

    def test_a_domain_without_a_proof_is_told_of(self, owner: Any, browser_of: Any, by_owner: Any) -> None:
        commands.create_identity_provider(
            name="A", issuer="https://sso.example", email_domains=["nowhere.invalid"], actor=by_owner
        )
        domain = queries.email_domain_named("nowhere.invalid")
        browser = browser_of(owner)

        response = browser.post(f"/settings/sign-in/domains/{domain.id}/verification")

        assert response.url == PATH
        assert not queries.email_domain(domain.id).is_verified

    def test_is_no_business_of_managers(self, company: Any, member: Any, browser_of: Any) -> None:
        assert browser_of(member("manager")).get(PATH).status_code == 403


class TestLinking:
    def browser_of(self, ours: Ours, somebody: Any, **claims: Any) -> Client:
        token = Caller(somebody.id, ours.company.id, "", "").token(**claims)
        return identity.Browser(headers={"authorization": f"Bearer {token}", "accept": "text/html"})

    def link_path(self, page: Any) -> str:
        found = re.search(r'href="(/account/security/identities/[^"]+)"', page.content.decode())
        assert found
        return found[1].replace("&amp;", "&")

    def test_from_the_account_to_the_provider_and_back(self, ours: Ours, ada: Any, told: Any) -> None:
        import time

        browser = self.browser_of(ours, ada)
        ours.theirs.claims["auth_time"] = int(time.time())

        away = browser.get(self.link_path(browser.get("/account/security/")))
        back = browser.go(ours.theirs.authorize(away.url))

        assert back.url == "/account/security/"
        assert "prompt=login" in away.url
        [link] = ours.links()
        assert (link.user_id, link.subject, link.email) == (ada.id, "sub-1", "ada@acme.example")
        assert b"Acme SSO" in browser.get("/account/security/").content
        assert told(ada.id) == []  # the event of the link is what the security log is told by

    def test_takes_a_link_of_our_own_page(self, ours: Ours, ada: Any) -> None:
        browser = self.browser_of(ours, ada)
        other = self.browser_of(ours, identity.member_of(ours.company, "zoe@acme.example"))
        path = self.link_path(browser.get("/account/security/"))

        for client, address in ((browser, path.split("?")[0]), (browser, path + "x"), (other, path)):
            assert client.get(address).url == "/account/security/"

    def test_takes_a_fresh_sign_in(self, ours: Ours, ada: Any) -> None:
        browser = self.browser_of(ours, ada, auth_time=1)

        response = browser.get(f"/account/security/identities/{ours.id}/link")

        assert response.url.startswith("/auth/login?acr_values=")

    def test_an_identity_of_somebody_else_is_refused(self, ours: Ours, ada: Any) -> None:
        import time

        zoe = identity.member_of(ours.company, "zoe@acme.example")
        ours.link(zoe.id)
        ours.theirs.claims["auth_time"] = int(time.time())
        browser = self.browser_of(ours, ada)

        away = browser.get(self.link_path(browser.get("/account/security/")))
        response = browser.go(ours.theirs.authorize(away.url))

        assert response.status_code == 400
        assert b"identity_taken" in response.content
        assert [link.user_id for link in ours.links()] == [zoe.id]

    def test_opens_no_session(self, ours: Ours, ada: Any) -> None:
        self.test_from_the_account_to_the_provider_and_back(ours, ada, lambda _: [])

        assert ours.session_count() == 0

    def test_and_unlinking(self, ours: Ours, ada: Any) -> None:
        ours.link(ada.id)
        [link] = ours.links()

        self.browser_of(ours, ada).post(f"/account/security/identities/{link.id}/removal")

        assert ours.links() == []

    def test_unlinking_keeps_the_last_way_in(self, ours: Ours) -> None:
        ours.change(provisions=True, default_roles=["viewer"])
        ours.sign_in()
        [link] = ours.links()

        browser = self.browser_of(ours, link.user)
        browser.post(f"/account/security/identities/{link.id}/removal")

        assert len(ours.links()) == 1

    def test_platform_staff_link_none(self, ours: Ours, ada: Any) -> None:
        from apps.iam.identity_providers.errors import OwnWayNeeded

        get_user_model().objects.filter(id=ada.id).update(is_platform_staff=True)

        with tenant(ours.company.id), pytest.raises(OwnWayNeeded):
            commands.link_identity(provider_id=ours.id, user_id=ada.id, identity=Identity("s"), actor=SYSTEM)
