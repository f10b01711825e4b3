"""Identity providers, e-mail domains and linked identities over REST."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.events import log
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.identity_providers import commands, proofs, queries
from apps.iam.identity_providers.identities import Identity
from apps.iam.identity_providers.models import IdentityProvider

pytestmark = pytest.mark.django_db
PATH = "/api/v1/identity-providers"
DOMAINS = "/api/v1/email-domains"
KEYCLOAK = {
    "name": "Acme",
    "issuer": "https://sso.acme.example/realms/acme/.well-known/openid-configuration",
    "client_id": "platform",
    "client_secret": "a secret of theirs",
    "email_domains": ["Acme.example"],
    "linking": "verified_email",
    "provisions": True,
    "default_roles": ["viewer"],
    "groups_claim": "groups",
    "role_mapping": {"Accounting": "clerk"},
}


@pytest.fixture
def api(owner: Any, client_of: Any) -> Any:
    return client_of(owner)


@pytest.fixture
def acme_sso(by_owner: Any) -> IdentityProvider:
    return commands.create_identity_provider(
        name="Acme", issuer="https://sso.example", client_id="x", email_domains=["acme.example"], actor=by_owner
    )


def kinds_of(entity_id: Any) -> list[str]:
    return [envelope.event_type for envelope in log.stream(entity_id, using="default")]


class TestCreating:
    def test_keeps_what_is_said_and_never_tells_the_secret(self, api: Any, company: Any) -> None:
        answer = api.post(PATH, KEYCLOAK)

        assert answer.status_code == 201, answer.content
        made = answer.json()["data"]
        assert made["issuer"] == "https://sso.acme.example/realms/acme"
        assert (made["email_domains"], made["scopes"][0]) == (["acme.example"], "openid")
        assert (made["has_client_secret"], made["is_enabled"], made["link_count"]) == (True, False, 0)
        assert made["redirect_uri"].endswith(f"/sign-in/with/{made['id']}/callback")
        assert "a secret" not in answer.content.decode()
        row = IdentityProvider.objects.in_tenant().get()
        assert b"a secret" not in bytes(row.sealed_secret)
        assert row.secret() == "a secret of theirs"
        assert kinds_of(row.id) == ["IdentityProviderCreated"]
        assert "secret" not in str(log.stream(row.id, using="default")[0].event())
        assert answer["Location"] == f"{PATH}/{row.id}"

    def test_once_for_each_key(self, api: Any) -> None:
        ids = {api.post(PATH, KEYCLOAK, headers={"idempotency-key": "k1"}).json()["data"]["id"] for _ in range(2)}

        assert len(ids) == 1

    def test_not_twice_under_one_name(self, api: Any, acme_sso: Any) -> None:
        answer = api.post(PATH, KEYCLOAK)

        assert (answer.status_code, answer.json()["code"]) == (409, "identity_provider_name_taken")

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": " "}, "name"),
            ({"issuer": "ftp://sso.example"}, "issuer"),
            ({"issuer": "https://user:pw@sso.example"}, "issuer"),
            ({"issuer": "https://sso.example/?x=1"}, "issuer"),
            ({"issuer": "https://sso.example/#x"}, "issuer"),
            ({"issuer": "https://sso.exämple"}, "issuer"),
            ({"client_id": "", "is_enabled": True}, "client_id"),
            ({"scopes": ["open id"]}, "scopes"),
            ({"email_claim": "e mail"}, "email_claim"),
            ({"email_domains": ["localhost"]}, "email_domains"),
            ({"email_domains": []}, "email_domains"),
            ({"default_roles": ["owner"]}, "default_roles"),
            ({"default_roles": [], "role_mapping": {}}, "default_roles"),
            ({"role_mapping": {"Heads": "owner"}}, "role_mapping"),
            ({"groups_claim": ""}, "role_mapping"),
            ({"acr_values": ["two words"]}, "acr_values"),
            ({"linking": "always"}, "linking"),
            ({"client_secret": "x\x01"}, "client_secret"),
        ],
    )
    def test_says_which_field_is_wrong(self, api: Any, changes: dict[str, Any], field: str) -> None:
        answer = api.post(PATH, {**KEYCLOAK, **changes})

        assert answer.status_code == 422, answer.content
        assert field in answer.json()["errors"]
        assert IdentityProvider.objects.in_tenant().count() == 0

    def test_plain_http_is_for_developers(self, api: Any, settings: Any) -> None:
        issuer = {**KEYCLOAK, "issuer": "http://127.0.0.1:8080/realms/acme"}
        settings.OUTBOUND_PRIVATE_ADDRESSES = False
        refused = api.post(PATH, issuer)
        settings.OUTBOUND_PRIVATE_ADDRESSES = True

        assert refused.status_code == 422
        assert api.post(PATH, issuer).status_code == 201

    def test_no_role_that_is_not_there(self, api: Any) -> None:
        assert api.post(PATH, {**KEYCLOAK, "default_roles": ["pirate"]}).json()["code"] == "unknown_role"

    def test_nobody_lets_others_be_given_more_than_they_hold(self, member: Any, actor_of: Any, company: Any) -> None:
        from apps.iam.roles.errors import BeyondOwnPermissions

        clerk = actor_of(member("clerk"))

        with pytest.raises(BeyondOwnPermissions):
            commands.create_identity_provider(
                name="Mine", issuer="https://sso.example", default_roles=["manager"], actor=clerk
            )

    def test_takes_a_fresh_sign_in(self, owner: Any, company: Any) -> None:
        from tests.callers import Caller, JsonClient

        old = Caller(owner.user_id, company.id, "owner", "").token(auth_time=1)
        stale = JsonClient(headers={"authorization": f"Bearer {old}"})

        assert stale.post(PATH, KEYCLOAK).json()["code"] == "insufficient_user_authentication"


class TestOne:
    def test_is_read_and_listed(self, api: Any, acme_sso: Any) -> None:
        assert api.get(f"{PATH}/{acme_sso.id}").json()["data"]["name"] == "Acme"
        assert [one["id"] for one in api.get(f"{PATH}?q=Ac&state=disabled").json()["data"]] == [str(acme_sso.id)]
        assert api.get(f"{PATH}?state=active").json()["data"] == []

    def test_is_changed_and_tells_what(self, api: Any, acme_sso: Any) -> None:
        answer = api.patch(
            f"{PATH}/{acme_sso.id}", {"is_enabled": True, "name": "SSO"}, content_type="application/json"
        )

        assert answer.status_code == 200, answer.content
        assert (answer.json()["data"]["is_enabled"], answer.json()["data"]["version"]) == (True, 2)
        event = log.stream(acme_sso.id, using="default")[-1].event()
        assert (event.changed, event.is_enabled) == (("name", "is_enabled"), True)

    def test_the_same_again_changes_nothing(self, api: Any, acme_sso: Any) -> None:
        for _ in range(2):
            api.patch(f"{PATH}/{acme_sso.id}", {"client_secret": "s", "name": "SSO"}, content_type="application/json")

        assert kinds_of(acme_sso.id) == ["IdentityProviderCreated", "IdentityProviderUpdated"]

    def test_another_version_is_not_overwritten(self, api: Any, acme_sso: Any) -> None:
        etag = {"if-match": '"7"'}

        answer = api.patch(f"{PATH}/{acme_sso.id}", {"name": "x"}, content_type="application/json", headers=etag)

        assert answer.status_code == 412

    def test_is_deleted_and_restored_with_its_links(self, api: Any, acme_sso: Any, member: Any, by_owner: Any) -> None:
        commands.update_identity_provider(provider_id=acme_sso.id, is_enabled=True, actor=by_owner)
        ada = member("clerk")
        link = commands.link_identity(
            provider_id=acme_sso.id, user_id=ada.user_id, identity=Identity("s"), actor=by_owner
        )

        for _ in range(2):
            assert api.delete(f"{PATH}/{acme_sso.id}").status_code == 204
        assert api.get(PATH).json()["data"] == []
        patched = api.patch(f"{PATH}/{acme_sso.id}", {"name": "x"}, content_type="application/json")
        assert patched.json()["code"] == "identity_provider_is_deleted"
        for _ in range(2):
            restored = api.post(f"{PATH}/{acme_sso.id}/restoration")
        assert (restored.status_code, restored.json()["data"]["link_count"]) == (200, 1)
        assert queries.link(link.id, user_id=ada.user_id).subject == "s"
        assert kinds_of(acme_sso.id)[-2:] == ["IdentityProviderDeleted", "IdentityProviderRestored"]

    def test_is_not_restored_where_its_name_is_taken(self, api: Any, acme_sso: Any) -> None:
        api.delete(f"{PATH}/{acme_sso.id}")
        api.post(PATH, KEYCLOAK)

        assert api.post(f"{PATH}/{acme_sso.id}/restoration").json()["code"] == "identity_provider_name_taken"

    def test_of_another_company_is_not_found(self, api: Any, other_company: Any) -> None:
        with tenant(other_company.id):
            theirs = commands.create_identity_provider(
                name="T", issuer="https://sso.example", email_domains=["globex.example"], actor=SYSTEM
            )
            domain = queries.email_domain_named("globex.example")

        for method, path in (
            ("get", theirs.id),
            ("patch", theirs.id),
            ("delete", theirs.id),
            ("post", f"{theirs.id}/restoration"),
            ("post", f"{theirs.id}/connection-check"),
        ):
            assert getattr(api, method)(f"{PATH}/{path}", {}, content_type="application/json").status_code == 404
        assert api.get(DOMAINS).json()["data"] == []
        assert api.post(f"{DOMAINS}/{domain.id}/verification").status_code == 404


class TestConnectionCheck:
    def test_finds_everything_in_order(self, api: Any, by_owner: Any, theirs: Any) -> None:
        ours = commands.create_identity_provider(name="A", issuer=theirs.issuer, client_id="platform", actor=by_owner)

        answer = api.post(f"{PATH}/{ours.id}/connection-check").json()["data"]

        assert answer["works"] is True
        assert [one["name"] for one in answer["checks"]] == ["configuration", "keys", "client_authentication", "client"]

    @pytest.mark.parametrize(
        ("configuration", "wrong"),
        [
            ({"issuer": "https://evil.example"}, "configuration"),
            ({"jwks_uri": "http://127.0.0.1:9/none"}, "keys"),
            ({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}, "client_authentication"),
        ],
    )
    def test_says_what_is_wrong(
        self, api: Any, by_owner: Any, theirs: Any, configuration: dict[str, Any], wrong: str
    ) -> None:
        ours = commands.create_identity_provider(name="A", issuer=theirs.issuer, client_id="platform", actor=by_owner)
        theirs.configuration = configuration

        answer = api.post(f"{PATH}/{ours.id}/connection-check").json()["data"]

        assert answer["works"] is False
        assert [one["name"] for one in answer["checks"] if not one["passed"]] == [wrong]


class TestEmailDomains:
    def test_are_listed_with_what_proves_them(self, api: Any, acme_sso: Any, company: Any) -> None:
        [domain] = api.get(DOMAINS).json()["data"]

        assert (domain["domain"], domain["verified_at"]) == ("acme.example", None)
        assert domain["proof_url"] == "https://acme.example/.well-known/platform-domain-proof.txt"
        assert domain["proof_text"] == proofs.text_of(company.id, "acme.example")
        assert domain["proof_text"] != proofs.text_of(uuid7(), "acme.example")

    def test_are_proved_by_a_file_on_their_web_server(
        self, api: Any, acme_sso: Any, company: Any, theirs: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The file is served from loopback: no test owns a domain."""
        [domain] = api.get(DOMAINS).json()["data"]
        monkeypatch.setattr(proofs, "address_of", lambda name: f"{theirs.issuer}/proof")
        theirs.lies["/proof"] = _file(b"something else")
        refused = api.post(f"{DOMAINS}/{domain['id']}/verification")
        theirs.lies["/proof"] = _file(f"a comment\n{domain['proof_text']}\n".encode())
        taken = [api.post(f"{DOMAINS}/{domain['id']}/verification") for _ in range(2)]

        assert (refused.status_code, refused.json()["code"]) == (409, "email_domain_not_proved")
        assert taken[0].json()["data"]["verified_at"] == taken[1].json()["data"]["verified_at"] is not None
        assert kinds_of(domain["id"]) == ["EmailDomainVerified"]

    def test_belong_to_one_company(self, by_owner: Any, acme_sso: Any, other_company: Any) -> None:
        from apps.iam.identity_providers.errors import EmailDomainTaken

        with tenant(other_company.id):
            commands.create_identity_provider(
                name="T", issuer="https://sso.example", email_domains=["acme.example"], actor=SYSTEM
            )
            found = queries.email_domain_named("acme.example")
            commands.confirm_domain(domain_id=found.id, actor=SYSTEM, now=timezone.now())

        with pytest.raises(EmailDomainTaken):
            commands.confirm_domain(
                domain_id=queries.email_domain_named("acme.example").id, actor=by_owner, now=timezone.now()
            )
        assert queries.tenant_of_domain("acme.example") == other_company.id

    def test_can_be_confirmed_by_the_operator(self, acme_sso: Any, company: Any) -> None:
        from django.core.management import CommandError, call_command

        for _ in range(2):
            call_command("confirm_email_domain", company.slug, "acme.example")

        assert queries.proved_among(["acme.example"]) == {"acme.example"}
        with pytest.raises(CommandError, match="email_domain_not_found"):
            call_command("confirm_email_domain", company.slug, "other.example")
        with pytest.raises(CommandError, match="tenant_not_found"):
            call_command("confirm_email_domain", "nobody", "acme.example")


class TestOwnIdentities:
    @pytest.fixture
    def link(self, acme_sso: Any, owner: Any, by_owner: Any) -> Any:
        commands.update_identity_provider(provider_id=acme_sso.id, is_enabled=True, actor=by_owner)
        return commands.link_identity(
            provider_id=acme_sso.id, user_id=owner.user_id, identity=Identity("s", email="o@x.example"), actor=by_owner
        )

    def test_are_listed(self, api: Any, link: Any) -> None:
        [found] = api.get("/api/v1/me/identities").json()["data"]

        assert (found["provider"], found["email"]) == ("Acme", "o@x.example")

    def test_are_unlinked_by_whoever_has_a_password(self, api: Any, link: Any, owner: Any) -> None:
        from apps.iam.users import commands as users

        users.set_password(user_id=owner.user_id, password="correct horse battery staple")

        assert api.delete(f"/api/v1/me/identities/{link.id}").status_code == 204
        assert api.delete(f"/api/v1/me/identities/{link.id}").status_code == 404
        assert kinds_of(link.id) == ["IdentityLinked", "IdentityUnlinked"]

    def test_the_last_way_in_stays(self, api: Any, link: Any) -> None:
        answer = api.delete(f"/api/v1/me/identities/{link.id}")

        assert (answer.status_code, answer.json()["code"]) == (409, "last_way_in")
        assert queries.links_of(link.user_id).count() == 1

    def test_of_others_are_not_found(self, link: Any, member: Any, client_of: Any) -> None:
        ada = client_of(member("owner"))

        assert ada.get("/api/v1/me/identities").json()["data"] == []
        assert ada.delete(f"/api/v1/me/identities/{link.id}").status_code == 404

    def test_linking_is_safe_to_repeat_and_refuses_another(self, link: Any, member: Any, by_owner: Any) -> None:
        from apps.iam.identity_providers.errors import IdentityTaken

        ada = member("clerk")
        again = commands.link_identity(
            provider_id=link.provider_id, user_id=link.user_id, identity=Identity("s"), actor=by_owner
        )

        assert again.id == link.id
        for user_id, subject in ((ada.user_id, "s"), (link.user_id, "other")):
            with pytest.raises(IdentityTaken):
                commands.link_identity(
                    provider_id=link.provider_id, user_id=user_id, identity=Identity(subject), actor=by_owner
                )


def _file(body: bytes) -> Any:
    def answer(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer
