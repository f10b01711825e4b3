"""Who gets in by an API key, and who does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.auth import api_keys
from apps.core.db.ids import uuid7
from apps.core.history import SYSTEM
from apps.core.tenancy import no_tenant, tenant
from apps.iam.facade import iam
from apps.iam.roles import commands as roles
from apps.iam.service_accounts import commands, queries
from apps.iam.service_accounts.errors import ApiKeyRefused
from apps.iam.service_accounts.models import ApiKey, ApiKeyUse
from apps.iam.service_accounts.tests.factories import ServiceAccountFactory
from apps.iam.tenants import commands as tenants
from apps.iam.users import commands as users

pytestmark = pytest.mark.django_db


def me(client: Client):
    return client.get("/api/v1/me")


@pytest.fixture
def key(account, key_of) -> str:
    return key_of(account).secret


class TestKey:
    @pytest.mark.parametrize("header", ["x-api-key", "authorization"])
    def test_is_its_account_in_its_company(self, account, company, caller, key, header):
        answer = me(caller(key, header=header)).json()["data"]

        assert (answer["id"], answer["kind"], answer["name"]) == (str(account.id), "service", "Nightly import")
        assert (answer["method"], answer["tenant"]["id"], answer["roles"]) == ("api_key", str(company.id), ["clerk"])

    def test_allows_its_scopes_and_no_more(self, account, key_of, caller):
        client = caller(key_of(account, scopes=["orders.view"]).secret)

        assert me(client).json()["data"]["permissions"] == ["orders.view"]
        assert client.get("/api/v1/orders").status_code == 200
        refused = client.get("/api/v1/products")
        assert (refused.status_code, refused.json()["permission"]) == (403, "products.view")

    def test_is_narrowed_when_its_account_is(self, account, key_of, caller):
        client = caller(key_of(account, scopes=["orders.place", "orders.view"]).secret)

        roles.assign_roles(
            holder_id=account.id, holder_kind="service", roles=["viewer"], actor=SYSTEM, now=timezone.now()
        )

        assert me(client).json()["data"]["permissions"] == ["orders.view"]

    def test_never_widens_beyond_its_scopes(self, account, key_of, caller):
        client = caller(key_of(account, scopes=["orders.view"]).secret)

        roles.assign_roles(
            holder_id=account.id, holder_kind="service", roles=["owner"], actor=SYSTEM, now=timezone.now()
        )

        assert me(client).json()["data"]["permissions"] == ["orders.view"]

    def test_of_a_person_is_that_person(self, owner, by_owner, caller):
        issued = commands.create_key(
            holder_id=owner.user_id, holder_kind="user", name="laptop", actor=by_owner, now=timezone.now()
        )

        answer = me(caller(issued.secret)).json()["data"]

        assert (answer["id"], answer["kind"], answer["method"]) == (str(owner.user_id), "user", "api_key")

    def test_of_a_person_opens_nothing_that_needs_them_to_be_there(self, owner, by_owner, caller, account):
        issued = commands.create_key(
            holder_id=owner.user_id, holder_kind="user", name="laptop", actor=by_owner, now=timezone.now()
        )
        client = caller(issued.secret)

        for path in ("/api/v1/me/keys", f"/api/v1/service-accounts/{account.id}/keys"):
            answer = client.post(path, {"name": "more"}, content_type="application/json")
            assert (answer.status_code, answer.json()["code"]) == (401, "insufficient_user_authentication")

    def test_needs_no_csrf_token_and_makes_no_session(self, account, caller, key):
        client = caller(key)
        client.handler.enforce_csrf_checks = True

        answer = client.post("/api/v1/orders", {}, content_type="application/json")

        assert answer.status_code == 422
        assert not client.cookies

    def test_costs_four_statements_once_it_is_known_from_there(self, caller, key):
        said = {"key": key, "address": "192.0.2.1"}
        with no_tenant():
            iam.principal_of_key(**said)

            with CaptureQueriesContext(connection) as captured:
                iam.principal_of_key(**said)

        assert len(captured) == 4


class TestRefusal:
    """Always the same answer, whatever the reason."""

    def refused(self, client) -> dict:
        answer = me(client)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"]
        problem = answer.json()
        return {name: problem[name] for name in ("type", "title", "detail", "code")}

    @pytest.fixture
    def like_any_wrong_key(self, company, caller):
        wrong = self.refused(caller(api_keys.new_key(company.id)))
        assert wrong["code"] == "api_key_refused"
        return lambda client: self.refused(client) == wrong

    @pytest.mark.parametrize("key", ["pfk_", "pfk_nonsense", "x", "eyJhbGciOiJub25lIn0.e30."])
    def test_of_nonsense(self, like_any_wrong_key, caller, key):
        assert like_any_wrong_key(caller(key))

    def test_of_a_key_of_no_company(self, like_any_wrong_key, caller):
        assert like_any_wrong_key(caller(api_keys.new_key(uuid7())))

    def test_of_a_key_that_was_revoked(self, like_any_wrong_key, account, key_of, caller):
        issued = key_of(account)
        client = caller(issued.secret)
        assert me(client).status_code == 200

        commands.revoke_key(holder_id=account.id, key_id=issued.row.id, actor=SYSTEM, now=timezone.now())

        assert like_any_wrong_key(client)

    def test_of_a_key_that_has_expired(self, like_any_wrong_key, account, key_of, caller):
        issued = key_of(account)
        ApiKey.objects.filter(id=issued.row.id).update(expires_at=timezone.now() - timedelta(seconds=1))

        assert like_any_wrong_key(caller(issued.secret))

    def test_of_a_disabled_account(self, like_any_wrong_key, account, caller, key):
        commands.update_service_account(account_id=account.id, actor=SYSTEM, enabled=False)

        assert like_any_wrong_key(caller(key))

    def test_of_a_deleted_account_until_it_is_restored(self, like_any_wrong_key, account, caller, key):
        commands.delete_service_account(account_id=account.id, actor=SYSTEM, now=timezone.now())
        assert like_any_wrong_key(caller(key))

        commands.restore_service_account(account_id=account.id, actor=SYSTEM, now=timezone.now())
        assert me(caller(key)).status_code == 200

    def test_of_a_suspended_company(self, like_any_wrong_key, company, caller, key):
        tenants.suspend_tenant(tenant_id=company.id)

        assert like_any_wrong_key(caller(key))

    def test_of_a_person_who_is_no_longer_a_member(self, like_any_wrong_key, owner, member, actor_of, caller):
        clerk = member("clerk")
        issued = commands.create_key(
            holder_id=clerk.user_id, holder_kind="user", name="k", actor=actor_of(clerk), now=timezone.now()
        )
        users.update_member(user_id=clerk.user_id, actor=SYSTEM, suspended=True)

        assert like_any_wrong_key(caller(issued.secret))

    def test_of_a_key_that_claims_to_be_another_companys(self, like_any_wrong_key, account, key, caller, other_company):
        """A digest is looked up in the company that the key names, which is part of what is digested."""
        with tenant(other_company.id):
            stranger = ServiceAccountFactory()
            forged = commands.create_key(holder_id=stranger.id, name="k", actor=SYSTEM, now=timezone.now())
            assert queries.keys_of(account.id).count() == 0

        assert me(caller(forged.secret)).json()["data"]["tenant"]["id"] == str(other_company.id)
        assert like_any_wrong_key(caller(forged.secret[:4] + key[4:26] + forged.secret[26:]))

    def test_does_the_same_work_for_a_wrong_key_and_for_one_that_is_over(self, account, key_of, company):
        """Statements are the work; what is told of it is told for both, and once a minute for each address."""
        over, wrong = key_of(account), api_keys.new_key(company.id)
        commands.revoke_key(holder_id=account.id, key_id=over.row.id, actor=SYSTEM, now=timezone.now())
        counted = []
        for number, key in enumerate((over.secret, wrong)):  # the process knows the keys that encrypt what is told
            with no_tenant(), pytest.raises(ApiKeyRefused):
                iam.principal_of_key(key=key, address=f"198.51.100.{number}")

        for number, key in enumerate((over.secret, wrong, over.secret, wrong)):
            with no_tenant(), CaptureQueriesContext(connection) as captured, pytest.raises(ApiKeyRefused):
                iam.principal_of_key(key=key, address=f"192.0.2.{number % 2}")
            counted.append(len(captured))

        assert counted[0] == counted[1] > counted[2] == counted[3] == 1

    def test_of_two_credentials_at_once(self, owner, client_of, key):
        answer = client_of(owner).get("/api/v1/me", headers={"x-api-key": key})

        assert (answer.status_code, answer.json()["code"]) == (401, "two_credentials")

    def test_leaves_public_pages_open(self, caller):
        assert caller("pfk_nonsense").get("/livez").status_code == 200


class TestUse:
    def test_is_noted_with_the_address_to_the_minute(self, account, key_of, caller, settings):
        issued = key_of(account)
        client = caller(issued.secret, REMOTE_ADDR="192.0.2.7")
        me(client)
        first = queries.key_of(account.id, issued.row.id)

        me(client)
        again = queries.key_of(account.id, issued.row.id)
        settings.API_KEY_USE_INTERVAL_S = 0
        me(client)
        later = queries.key_of(account.id, issued.row.id)

        assert first.last_used_from == "192.0.2.7"
        assert again.last_used_at == first.last_used_at < later.last_used_at
        assert later.version == issued.row.version

    def test_is_told_for_each_new_address_once(self, account, key_of, caller, told):
        key = key_of(account).secret

        for address in ("192.0.2.1", "192.0.2.1", "2001:db8:1:2::3", "2001:db8:1:2::4"):
            me(caller(key, REMOTE_ADDR=address))

        assert [event.address for event in told("api_key.used")] == ["192.0.2.1", "2001:db8:1:2::3"]
        assert {event.actor_id for event in told("api_key.used")} == {account.id}
        assert set(ApiKeyUse.objects.values_list("address", flat=True)) == {"192.0.2.1", "2001:db8:1:2::/64"}

    def test_refused_is_told_once_a_minute_for_an_address(self, company, account, key_of, caller, told):
        over = key_of(account)
        commands.revoke_key(holder_id=account.id, key_id=over.row.id, actor=SYSTEM, now=timezone.now())

        for _ in range(3):
            me(caller(over.secret, REMOTE_ADDR="192.0.2.9"))
            me(caller(api_keys.new_key(company.id), REMOTE_ADDR="192.0.2.10"))

        known, unknown = told("api_key.refused")
        assert (known.subject_id, known.outcome, known.address) == (account.id, "failure", "192.0.2.9")
        assert (unknown.subject_id.int, unknown.address) == (0, "192.0.2.10")
        assert over.secret not in str(known)


class TestTokenOfAnAccount:
    """The other way in: OAuth client credentials."""

    @pytest.fixture
    def client(self, account):
        client_id, secret = commands.issue_client(account_id=account.id, actor=SYSTEM, now=timezone.now())
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        return lambda: Client().post("/oidc/token", form)

    def test_is_the_same_account(self, account, client):
        token = client().json()["access_token"]

        answer = me(Client(headers={"authorization": f"Bearer {token}"})).json()["data"]

        assert (answer["id"], answer["method"], answer["roles"]) == (str(account.id), "bearer", ["clerk"])

    def test_is_neither_given_nor_taken_while_the_account_may_not_act(self, account, client):
        token = client().json()["access_token"]
        bearer = Client(headers={"authorization": f"Bearer {token}"})

        commands.update_service_account(account_id=account.id, actor=SYSTEM, enabled=False)
        refused, kept_out = client(), me(bearer)
        commands.update_service_account(account_id=account.id, actor=SYSTEM, enabled=True)

        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
        assert kept_out.status_code == 401
        assert me(bearer).status_code == client().status_code == 200
