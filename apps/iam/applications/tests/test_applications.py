"""The applications of a company: made, changed, and gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_application_model, get_refresh_token_model

from apps.core.db.ids import uuid7
from apps.core.errors import PreconditionFailed
from apps.core.history import SYSTEM
from apps.core.history.changes import ChangeFilter
from apps.core.tenancy import tenant
from apps.iam.applications import commands, queries
from apps.iam.applications.models import Consent
from apps.iam.oidc.clients import commands as clients
from apps.iam.oidc.clients import queries as client_queries
from apps.iam.oidc.clients.errors import (
    ApplicationIsDeleted,
    ApplicationNotDeleted,
    ApplicationNotFound,
    ConfirmationWrong,
    HasNoSecret,
    InvalidApplication,
)
from apps.iam.oidc.tests import identity
from apps.iam.oidc.tests.identity import userinfo
from apps.iam.roles.errors import BeyondOwnPermissions
from apps.iam.service_accounts import queries as service_accounts

pytestmark = pytest.mark.django_db

Application, AccessToken, RefreshToken = get_application_model(), get_access_token_model(), get_refresh_token_model()

CALLBACK = "https://shop.example/callback"


def register(by, kind="web", **facts):
    said = {"name": "Shop", "redirect_uris": [CALLBACK], **facts}
    return commands.register_application(kind=kind, actor=by, now=timezone.now(), **said)


def rotate(client, by, overlap_s=3600, now=None):
    return clients.rotate_secret(application_id=client.id, overlap_s=overlap_s, actor=by, now=now or timezone.now())


def knows(client, secret) -> bool:
    """True if the client may ask the provider about tokens with this secret."""
    form = {"token": "x", "client_id": client.client_id, "client_secret": secret}
    return Client().post("/oidc/introspect", form).status_code == 200


class TestRegister:
    @pytest.mark.parametrize(
        ("kind", "client_type", "keeps_secret"),
        [("web", "confidential", True), ("native", "public", False), ("single_page", "public", False)],
    )
    def test_makes_a_client_of_its_kind(self, company, by_owner, kind, client_type, keeps_secret):
        made = register(by_owner, kind)

        client = Application.objects.get(id=made.client.id)
        assert (client.client_type, client.tenant_id, client.skip_authorization) == (client_type, company.id, False)
        assert (made.secret is not None) == keeps_secret
        assert client.client_secret.startswith("hmac_sha256$")

    def test_makes_a_machine_with_its_service_account(self, company, by_owner):
        made = register(by_owner, "machine", redirect_uris=[], description="Imports")

        account = service_accounts.service_account(made.client.id)
        form = {"grant_type": "client_credentials", "client_id": made.client.client_id, "client_secret": made.secret}
        assert (account.name, account.description, account.has_client) == ("Shop", "Imports", True)
        assert Client().post("/oidc/token", form).status_code == 200

    def test_is_told_once(self, company, by_owner, told):
        made = register(by_owner)

        (event,) = told("application.registered")
        assert (event.subject_id, event.details) == (made.client.id, {"name": "Shop", "kind": "web"})
        assert made.secret not in str(event)

    @pytest.mark.parametrize("facts", [{"kind": "magic"}, {"name": ""}, {"redirect_uris": []}])
    def test_refuses_what_is_not_well_formed(self, company, by_owner, facts):
        with pytest.raises(InvalidApplication):
            register(by_owner, **facts)

        assert not client_queries.applications().exists()


class TestUpdate:
    def test_changes_what_is_said_and_tells_once(self, shop, by_owner, told):
        for _ in range(2):
            client = clients.update(application_id=shop.client.id, actor=by_owner, description="Buy tea")

        assert (client.description, client.version) == ("Buy tea", 2)
        assert [event.details["changed"] for event in told("application.changed")] == ["description"]

    def test_is_made_on_the_version_that_was_read(self, shop, by_owner):
        with pytest.raises(PreconditionFailed):
            clients.update(application_id=shop.client.id, actor=by_owner, name="x", expected_version=7)

    def test_that_disables_ends_its_tokens_and_lets_nobody_in(self, shop, by_owner, flow, mia):
        tokens = flow_with_consent(flow, mia)

        clients.update(application_id=shop.client.id, actor=by_owner, is_enabled=False)

        assert userinfo(tokens["access_token"]).status_code == 401
        assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_client"
        assert bearer(tokens).get("/api/v1/me").status_code == 401
        assert flow.browser.go(flow.url()).status_code == 400
        assert not AccessToken.objects.exists()


def flow_with_consent(flow, mia) -> dict:
    page = flow.browser.go(flow.browser.enter_password(flow.url(), mia.email).url)
    form = {field.name: field.value() or "" for field in page.context["form"] if field.name != "allow"}
    location = flow.browser.post(flow.url(), {**form, "allow": "on"}).url
    code = dict(pair.split("=", 1) for pair in location.split("?")[1].split("&"))["code"]
    return flow.redeem(code).json()


def bearer(tokens) -> Client:
    return Client(headers={"authorization": f"Bearer {tokens['access_token']}"})


class TestRotateSecret:
    def test_lets_the_old_one_go_on_for_the_overlap(self, shop, by_owner):
        new = rotate(shop.client, by_owner)

        assert knows(shop.client, new.secret)
        assert knows(shop.client, shop.secret)
        Application.objects.update(previous_secret_expires_at=timezone.now() - timedelta(seconds=1))
        assert not knows(shop.client, shop.secret)
        assert knows(shop.client, new.secret)

    def test_without_overlap_ends_the_old_one_now(self, shop, by_owner):
        new = rotate(shop.client, by_owner, overlap_s=0)

        assert (knows(shop.client, shop.secret), knows(shop.client, new.secret)) == (False, True)

    def test_twice_ends_the_oldest(self, shop, by_owner):
        second = rotate(shop.client, by_owner)
        third = rotate(shop.client, by_owner)

        assert [knows(shop.client, secret) for secret in (shop.secret, second.secret, third.secret, "")] == [
            False,
            True,
            True,
            False,
        ]

    def test_keeps_no_secret_in_history_or_log(self, shop, by_owner, told):
        new = rotate(shop.client, by_owner)

        row = Application.objects.get(id=shop.client.id)
        assert {"client_secret", "previous_secret"}.isdisjoint(
            field.name for field in Application.pgh_event_model._meta.fields
        )
        assert new.secret not in f"{told('application.changed')}{row.client_secret}{row.previous_secret}"

    @pytest.mark.parametrize("overlap_s", [-1, 604801])
    def test_has_an_overlap_within_bounds(self, shop, by_owner, overlap_s):
        with pytest.raises(InvalidApplication, match="overlap_s"):
            rotate(shop.client, by_owner, overlap_s)

    def test_is_nothing_for_public_ones(self, company, by_owner):
        with pytest.raises(HasNoSecret):
            rotate(register(by_owner, "native").client, by_owner)

    def test_of_a_mightier_service_account_is_refused(self, company, by_owner, member, actor_of):
        from apps.iam.service_accounts import commands as accounts

        machine = register(by_owner, "machine", redirect_uris=[]).client
        accounts.change_roles(account_id=machine.id, roles_held=["owner"], actor=by_owner, now=timezone.now())

        with pytest.raises(BeyondOwnPermissions):
            rotate(machine, actor_of(member("manager")))


class TestDeletion:
    def test_ends_all_tokens_and_can_be_undone(self, shop, by_owner, flow, mia, told):
        tokens = flow_with_consent(flow, mia)

        for _ in range(2):
            clients.delete(application_id=shop.client.id, actor=by_owner, now=timezone.now())
        gone = (userinfo(tokens["access_token"]).status_code, flow.browser.go(flow.url()).status_code)
        for _ in range(2):
            clients.restore(application_id=shop.client.id, actor=by_owner)

        assert gone == (401, 400)
        assert not RefreshToken.objects.filter(revoked__isnull=True).exists()
        assert flow.browser.go(flow.url()).url.startswith(CALLBACK)
        assert len(told("application.deleted")) == len(told("application.changed")) == 1

    def test_leaves_nothing_to_change(self, shop, by_owner):
        clients.delete(application_id=shop.client.id, actor=by_owner, now=timezone.now())

        for change in (
            lambda: clients.update(application_id=shop.client.id, actor=by_owner, name="x"),
            lambda: rotate(shop.client, by_owner),
        ):
            with pytest.raises(ApplicationIsDeleted):
                change()

    def test_for_good_needs_a_first_deletion_and_its_name(self, shop, by_owner, flow, mia):
        flow_with_consent(flow, mia)
        erase = lambda text: commands.erase_application(  # noqa: E731
            application_id=shop.client.id, confirmation=text, actor=by_owner
        )

        with pytest.raises(ApplicationNotDeleted):
            erase("Web shop")
        clients.delete(application_id=shop.client.id, actor=by_owner, now=timezone.now())
        with pytest.raises(ConfirmationWrong):
            erase("shop")
        erase("Web shop")

        assert not Application.objects.filter(id=shop.client.id).exists()
        assert not Consent.objects.exists()
        assert {change.action for change in client_queries.changes(ChangeFilter(), limit=9)} >= {"deleted"}


class TestOtherCompany:
    def test_finds_nothing(self, shop, other_company):
        with tenant(other_company.id):
            for id_ in (shop.client.id, uuid7()):
                for call in (
                    lambda id_=id_: client_queries.application(id_),
                    lambda id_=id_: clients.update(application_id=id_, actor=SYSTEM, name="Mine"),
                    lambda id_=id_: clients.delete(application_id=id_, actor=SYSTEM, now=timezone.now()),
                    lambda id_=id_: clients.restore(application_id=id_, actor=SYSTEM),
                    lambda id_=id_: commands.erase_application(application_id=id_, confirmation="x", actor=SYSTEM),
                    lambda id_=id_: commands.approve(application_id=id_, actor=SYSTEM),
                    lambda id_=id_: commands.withdraw_approval(application_id=id_, actor=SYSTEM),
                    lambda id_=id_: clients.rotate_secret(
                        application_id=id_, overlap_s=0, actor=SYSTEM, now=timezone.now()
                    ),
                ):
                    with pytest.raises(ApplicationNotFound):
                        call()
            assert not client_queries.applications().exists()
            assert client_queries.changes(ChangeFilter(), limit=5) == []


class TestOfThePlatform:
    def test_are_seen_where_people_are_asked_about_them_and_changed_by_nobody(self, company, by_owner):
        offered, _ = identity.second_client(client_id="partner", name="Partner", skip_authorization=False)
        identity.second_client(client_id="own", name="Own")

        assert [client.name for client in client_queries.applications()] == ["Partner"]
        commands.approve(application_id=offered.id, actor=by_owner)
        assert queries.is_approved(offered.id)
        with pytest.raises(ApplicationNotFound):
            clients.update(application_id=offered.id, actor=by_owner, name="Mine")


class TestLifetimes:
    def test_of_tokens_are_the_applications_own(self, shop, by_owner, flow, mia):
        clients.update(
            application_id=shop.client.id, actor=by_owner, access_token_lifetime_s=120, refresh_token_lifetime_s=300
        )
        tokens = flow_with_consent(flow, mia)

        RefreshToken.objects.update(created=timezone.now() - timedelta(seconds=301))

        assert tokens["expires_in"] == 120
        assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"

    def test_of_others_are_the_platforms(self, flow, mia, settings):
        tokens = flow_with_consent(flow, mia)

        assert tokens["expires_in"] == settings.ACCESS_TOKEN_LIFETIME_S
        assert flow.refresh(tokens["refresh_token"]).status_code == 200


class TestScopes:
    def test_are_those_that_were_chosen(self, shop, by_owner, flow, mia):
        clients.update(application_id=shop.client.id, actor=by_owner, allowed_scopes=["openid", "email"])

        refused = flow.browser.go(flow.browser.enter_password(flow.url(), mia.email).url)
        asked = flow.browser.go(flow.url(scope=None))

        assert "error=invalid_scope" in refused.url
        assert asked.context["scopes"] == ["Know who you are", "See your email address"]
