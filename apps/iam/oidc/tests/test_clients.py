"""Clients without people: service accounts, and what the provider tells about itself and its tokens."""

from __future__ import annotations

import base64
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.core.auth.tokens import verified_claims
from apps.core.errors import Invalid
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant as entered
from apps.iam.facade import iam
from apps.iam.oidc import commands, queries
from apps.iam.oidc.models import AccessToken, Application
from apps.iam.oidc.starting import know_gateway
from apps.iam.oidc.tests import identity
from apps.iam.oidc.tests.identity import Flow, userinfo
from apps.iam.service_accounts import commands as service_accounts

pytestmark = pytest.mark.django_db


def register(tenant: Any, *roles: str) -> tuple[str, str]:
    return service_accounts.register_api_client(
        tenant_id=tenant.id, name="Web shop", roles=roles, actor=SYSTEM, now=timezone.now()
    )


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def service_token(client_id: str, secret: str, **form: str) -> Any:
    return Client().post("/oidc/token", {"grant_type": "client_credentials", **form}, headers=basic(client_id, secret))


class TestServiceAccount:
    def test_gets_tokens_for_itself_in_its_tenant(self, acme: Any) -> None:
        client_id, secret = register(acme, "clerk")

        answer = service_token(client_id, secret).json()

        claims = verified_claims(answer["access_token"])
        assert claims["sub"] == claims["client_id"] == client_id
        assert claims["tenant"] == str(acme.id)
        assert claims["scope"] == "api"
        assert "sid" not in claims
        assert "refresh_token" not in answer
        assert "id_token" not in answer

    def test_holds_its_roles(self, acme: Any) -> None:
        client_id, secret = register(acme, "clerk")

        principal = iam.principal(claims=verified_claims(service_token(client_id, secret).json()["access_token"]))

        assert principal.kind == "service"
        assert principal.roles == ("clerk",)
        assert principal.tenant_id == acme.id

    def test_secret_is_only_kept_as_a_hash(self, acme: Any) -> None:
        client_id, secret = register(acme)

        client = Application.objects.get(client_id=client_id)

        assert client.client_secret.startswith("hmac_sha256$")
        assert secret not in client.client_secret
        assert "client_secret" not in {field.name for field in Application.pgh_event_model._meta.fields}

    @pytest.mark.parametrize("scope", ["openid", "openid api", "email", "root"])
    def test_has_no_profile(self, acme: Any, scope: str) -> None:
        assert service_token(*register(acme), scope=scope).json()["error"] == "invalid_scope"

    def test_is_refused_with_a_wrong_secret_or_grant(self, acme: Any) -> None:
        client_id, secret = register(acme)

        assert service_token(client_id, "wrong").json()["error"] == "invalid_client"
        assert service_token(client_id, secret, grant_type="authorization_code", code="x").status_code == 400
        assert service_token("nul\x00l", secret).status_code == 401

    def test_parameters_of_ours_cannot_be_smuggled_in(self, acme: Any) -> None:
        answer = service_token(
            *register(acme), sign_in="x", sid="x", tenant_id="x", user="x", refresh_token_instance="x"
        )

        claims = verified_claims(answer.json()["access_token"])
        assert claims["tenant"] == str(acme.id)
        assert "sid" not in claims

    def test_token_is_no_persons(self, acme: Any) -> None:
        answer = service_token(*register(acme)).json()

        assert userinfo(answer["access_token"]).status_code in (401, 403)

    def test_unknown_role_makes_nothing(self, acme: Any) -> None:
        with pytest.raises(Invalid):
            register(acme, "emperor")

        assert queries.api_clients(acme.id) == []

    @pytest.mark.parametrize("name", ["", " ", "x" * 256, "nul\x00l"])
    def test_needs_a_name(self, acme: Any, name: str) -> None:
        with pytest.raises(Invalid):
            service_accounts.register_api_client(
                tenant_id=acme.id, name=name, roles=[], actor=SYSTEM, now=timezone.now()
            )

    def test_is_made_on_the_command_line_too(self, acme: Any) -> None:
        out = StringIO()

        call_command("register_api_client", tenant="acme", name="Shop", roles=["clerk"], stdout=out)

        _, client_id, _, secret = out.getvalue().split()
        assert service_token(client_id, secret).status_code == 200
        with pytest.raises(CommandError, match="tenant_not_found"):
            call_command("register_api_client", tenant="nobody", name="Shop")


class TestIntrospection:
    def ask(self, client: tuple[str, str], token: str) -> Any:
        return Client().post("/oidc/introspect", {"token": token}, headers=basic(*client))

    def test_tells_a_client_of_the_same_tenant(self, acme: Any) -> None:
        client = register(acme)
        token = service_token(*client).json()["access_token"]

        answer = self.ask(client, token).json()

        assert answer["active"]
        assert (answer["sub"], answer["tenant"]) == (client[0], str(acme.id))

    def test_tells_nothing_of_another_tenants_or_of_what_is_over(self, acme: Any) -> None:
        token = service_token(*register(acme)).json()["access_token"]
        stranger = register(identity.company("globex"))
        own = register(acme)

        foreign = self.ask(stranger, token).json()
        AccessToken.objects.update(expires=timezone.now())

        assert foreign == {"active": False}
        assert self.ask(own, token).json() == {"active": False}
        assert self.ask(own, "made up").json() == {"active": False}

    def test_needs_an_authenticated_client(self, acme: Any) -> None:
        client_id, _ = register(acme)

        refused = self.ask((client_id, "wrong"), "x")

        assert refused.status_code == 401
        assert refused["WWW-Authenticate"].startswith("Basic")
        assert Client().post("/oidc/introspect", {"token": "x"}).status_code == 401
        assert Client().get("/oidc/introspect", {"token": "x"}).status_code == 405


class TestRevocation:
    def test_of_a_refresh_token_ends_what_came_with_it(self, flow: Flow, mia: Any) -> None:
        tokens = flow.tokens(mia.email)
        form = {"token": tokens["refresh_token"], "client_id": flow.client_id, "client_secret": flow.client_secret}

        first, second = Client().post("/oidc/revoke", form), Client().post("/oidc/revoke", form)

        assert first.status_code == second.status_code == 200
        assert userinfo(tokens["access_token"]).status_code == 401
        assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"

    def test_is_for_the_client_it_was_given_to(self, flow: Flow, mia: Any) -> None:
        tokens = flow.tokens(mia.email)
        thief, secret = identity.second_client(client_id="thief")

        Client().post(
            "/oidc/revoke",
            {"token": tokens["refresh_token"], "client_id": thief.client_id, "client_secret": secret},
        )

        assert userinfo(tokens["access_token"]).status_code == 200


class TestGateway:
    def test_is_registered_once_and_follows_the_address(self, db: None, settings: Any) -> None:
        commands.ensure_bff_client()
        settings.OIDC_RP_BASE_URL = "http://127.0.0.1:8123"

        client = commands.ensure_bff_client()

        assert Application.objects.filter(client_id="bff").count() == 1
        assert client.redirect_uris == "http://127.0.0.1:8123/auth/callback"
        assert client.redirect_uri_allowed("http://127.0.0.1:8123/auth/callback")
        assert not client.redirect_uri_allowed("http://127.0.0.1:9999/auth/callback")

    def test_repeating_changes_nothing(self, db: None) -> None:
        before = commands.ensure_bff_client()

        after = commands.ensure_bff_client()

        assert after.updated == before.updated

    def test_takes_a_new_secret(self, db: None, settings: Any) -> None:
        commands.ensure_bff_client()
        settings.OIDC_RP_CLIENT_SECRET = "another secret"

        client = commands.ensure_bff_client()

        settings.OIDC_RP_CLIENT_SECRET = ""
        assert client.client_secret.startswith("hmac_sha256$")
        with pytest.raises(ImproperlyConfigured):
            commands.ensure_bff_client()
        with pytest.raises(CommandError, match="BFF_CLIENT_SECRET"):
            call_command("ensure_bff_client")

    def test_is_known_before_the_first_request_and_a_missing_secret_stops_nothing(
        self, db: None, settings: Any
    ) -> None:
        for dotted in settings.WEB_ON_START:
            import_string(dotted)()
        settings.OIDC_RP_CLIENT_SECRET = ""

        know_gateway()

        assert Application.objects.filter(client_id="bff").exists()

    def test_plain_http_is_for_this_machine_and_our_own_origin(self, db: None) -> None:
        client = Application(redirect_uris="http://127.0.0.1:1/cb", post_logout_redirect_uris="http://testserver/x")

        assert "http" in client.get_allowed_schemes()
        client.redirect_uris = "http://shop.example/cb"
        assert client.get_allowed_schemes() == ["https"]


class TestDiscovery:
    def test_names_our_endpoints_under_one_issuer(self, db: None) -> None:
        openid = Client().get("/.well-known/openid-configuration").json()
        oauth = Client().get("/.well-known/oauth-authorization-server").json()

        assert openid["issuer"] == oauth["issuer"] == settings.OIDC_ISSUER
        addresses = {name: value for name, value in {**oauth, **openid}.items() if name.endswith(("_endpoint", "_uri"))}
        assert {address.removeprefix(settings.OIDC_ISSUER) for address in addresses.values()} == {
            f"/oidc/{name}"
            for name in [
                "authorize",
                "token",
                "jwks",
                "userinfo",
                "introspect",
                "revoke",
                "logout",
                "device_authorization",
            ]
        }

    def test_announces_only_what_is_done(self, db: None) -> None:
        openid = Client().get("/.well-known/openid-configuration").json()
        oauth = Client().get("/.well-known/oauth-authorization-server").json()

        for document in (openid, oauth):
            assert document["response_types_supported"] == ["code"]
            assert document["code_challenge_methods_supported"] == ["S256"]
            assert document["grant_types_supported"] == [
                "authorization_code",
                "client_credentials",
                "refresh_token",
                "urn:ietf:params:oauth:grant-type:token-exchange",
                "urn:ietf:params:oauth:grant-type:device_code",
            ]
            assert document["authorization_response_iss_parameter_supported"] is True
            assert document["response_modes_supported"] == ["query"]
            assert document["token_endpoint_auth_methods_supported"][-1] == "none"
            assert "none" not in document["introspection_endpoint_auth_methods_supported"]
        assert openid["id_token_signing_alg_values_supported"] == ["ES256", "RS256"]
        assert openid["subject_types_supported"] == ["public", "pairwise"]
        assert openid["prompt_values_supported"] == ["none", "login", "consent", "select_account"]
        assert openid["claims_parameter_supported"] is True
        assert {"sub", "name", "email", "email_verified", "acr", "amr", "auth_time"} <= set(openid["claims_supported"])
        assert openid["request_parameter_supported"] is openid["request_uri_parameter_supported"] is False
        assert "claims_supported" not in oauth

    def test_announces_the_levels_that_can_be_reached(self, db: None, settings: Any) -> None:
        def announced() -> Any:
            return Client().get("/.well-known/openid-configuration").json()["acr_values_supported"]

        with_second_factor = announced()
        settings.STEP_UP_PAGE = ""

        assert (with_second_factor, announced()) == (["aal1", "aal2"], ["aal1"])


def test_what_is_over_is_forgotten(flow: Flow, mia: Any) -> None:
    flow.tokens(mia.email)
    AccessToken.objects.update(expires=timezone.now() - timezone.timedelta(days=2))

    commands.forget_expired()
    commands.forget_expired()

    assert not AccessToken.objects.exists()


def test_registering_is_remembered_in_the_history(acme: Any) -> None:
    with entered(acme.id):
        client_id, _ = register(acme, "clerk")

    [row] = Application.pgh_event_model.objects.filter(pgh_obj_id=client_id)
    assert row.pgh_label == "created"
    assert row.tenant_id == acme.id
