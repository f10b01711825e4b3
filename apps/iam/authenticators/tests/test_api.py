"""Second factors and sign-in policies over REST."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.core.tenancy import tenant
from apps.iam.authenticators import commands, queries, totp
from apps.iam.authenticators.tests.conftest import secret_of
from apps.iam.sessions import commands as sessions
from apps.iam.users.tests.factories import UserFactory
from tests.callers import Caller

pytestmark = pytest.mark.django_db
MINE = "/api/v1/me/authenticators"


@pytest.fixture
def api_of(client_of):
    """A client of somebody who signed in a moment ago, with as many factors as said."""

    def client(membership, **claims):
        made = client_of(membership)
        token = Caller(membership.user_id, membership.tenant_id, "", "").token(**{"acr": "aal2", **claims})
        made.defaults["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return made

    return client


@pytest.fixture
def api(ada, api_of):
    return api_of(ada)


def code_for(secret: str) -> str:
    return totp.code_at(secret_of(secret), totp.step_at(timezone.now()))


class TestOwn:
    def test_are_listed_with_what_the_company_asks_for(self, ada, api, app_of, passkey_of, by_owner, now):
        app_of(ada.user_id)
        passkey_of(ada.user_id)
        commands.change_policy(actor=by_owner, now=now, mfa="everybody", grace_days=3, methods=["passkey"])

        data = api.get(MINE).json()["data"]

        assert [(one["kind"], one["name"]) for one in data["authenticators"]] == [
            ("passkey", "Phone"),
            ("totp", "Authenticator app"),
        ]
        assert (data["is_required"], data["methods"], data["recovery_codes_left"]) == (True, ["passkey"], 0)
        assert data["required_from"] is not None
        assert data["passkeys_available"] is True

    def test_can_be_renamed_as_seen(self, ada, api, passkey_of):
        path = f"{MINE}/{passkey_of(ada.user_id).id}"
        etag = api.get(path)["ETag"]

        done = api.patch(path, {"name": "Work phone"}, content_type="application/json", headers={"If-Match": etag})
        late = api.patch(path, {"name": "Old"}, content_type="application/json", headers={"If-Match": etag})

        assert (done.status_code, done.json()["data"]["name"], late.status_code) == (200, "Work phone", 412)

    def test_can_be_removed(self, ada, api, passkey_of, told):
        path = f"{MINE}/{passkey_of(ada.user_id).id}"

        assert (api.delete(path).status_code, api.delete(path).status_code) == (204, 404)
        assert told(ada.user_id) == ["passkey.added", "passkey.removed"]

    def test_are_of_nobody_else(self, ada, api_of, member, passkey_of):
        path = f"{MINE}/{passkey_of(ada.user_id).id}"
        other = api_of(member("owner"))

        assert other.get(path).status_code == 404
        assert other.patch(path, {"name": "x"}, content_type="application/json").status_code == 404
        assert other.delete(path).status_code == 404

    @pytest.mark.parametrize(("method", "path"), [("post", "/totp"), ("post", "/recovery-codes"), ("delete", "")])
    def test_are_managed_by_a_fresh_and_strong_sign_in(self, ada, api_of, passkey_of, method, path):
        address = f"{MINE}{path}" if path else f"{MINE}/{passkey_of(ada.user_id).id}"
        if path:
            passkey_of(ada.user_id)

        weak = getattr(api_of(ada, acr="aal1"), method)(address)
        old = getattr(api_of(ada, auth_time=int(time.time()) - 900), method)(address)

        for refused in (weak, old):
            assert refused.status_code == 401
            assert 'acr_values="aal2", max_age="300"' in refused["WWW-Authenticate"]


class TestTotp:
    def test_is_set_up_and_brings_recovery_codes_with_it(self, ada, api_of):
        api = api_of(ada, acr="aal1")
        begun = api.post(f"{MINE}/totp", {"name": "My phone"})
        new = begun.json()["data"]

        done = api.post(f"{MINE}/totp/{new['id']}/confirmation", {"code": code_for(new["secret"])})

        assert begun.status_code == 201
        assert begun["Location"] == f"{MINE}/{new['id']}"
        assert new["uri"].startswith("otpauth://totp/")
        assert new["qr_code"].startswith("data:image/svg+xml;base64,")
        assert done.status_code == 200
        assert len(done.json()["data"]["recovery_codes"]) == 10
        assert queries.kinds_of(ada.user_id) == {"totp"}

    def test_repeated_request_brings_no_secret(self, ada, api):
        first, again = (api.post(f"{MINE}/totp", headers={"idempotency-key": "k-1"}) for _ in range(2))

        assert again["Idempotency-Replayed"] == "true"
        assert first.json()["data"]["secret"]
        assert again.json()["data"] == {**first.json()["data"], "secret": None, "uri": None, "qr_code": None}

    def test_secret_stays_out_of_the_memory_for_repeated_requests(self, ada, api):
        from apps.core.idempotency.models import IdempotencyKey

        secret = api.post(f"{MINE}/totp", headers={"idempotency-key": "k-1"}).json()["data"]["secret"]

        assert secret not in IdempotencyKey.objects.using("default").get(key="k-1").body

    def test_is_refused_with_a_wrong_code(self, api):
        new = api.post(f"{MINE}/totp").json()["data"]

        refused = api.post(f"{MINE}/totp/{new['id']}/confirmation", {"code": "abc"})

        assert (refused.status_code, refused.json()["code"]) == (422, "wrong_code")
        assert "code" in refused.json()["errors"]


class TestRecoveryCodes:
    def test_are_made_anew(self, ada, api, app_of):
        app_of(ada.user_id)

        made = api.post(f"{MINE}/recovery-codes", headers={"idempotency-key": "k-1"})
        again = api.post(f"{MINE}/recovery-codes", headers={"idempotency-key": "k-1"})

        assert (made.status_code, len(made.json()["data"]["codes"])) == (201, 10)
        assert again.json()["data"] == {"count": 10, "codes": None}

    def test_need_a_second_factor(self, api):
        assert api.post(f"{MINE}/recovery-codes").json()["code"] == "no_second_factor"


class TestPasskey:
    @pytest.fixture
    def session_of(self, now):
        """The id of a session of somebody."""

        def begin(membership) -> str:
            session_id = uuid4()
            sessions.begin_session(
                session_id=session_id,
                user_id=membership.user_id,
                acr="aal2",
                amr=("hwk", "user", "mfa"),
                expires_at=now + timedelta(hours=1),
                now=now,
            )
            return str(session_id)

        return begin

    def test_is_registered(self, ada, api_of, phone, session_of):
        api = api_of(ada, acr="aal1", sid=session_of(ada))
        ceremony = api.post(f"{MINE}/passkeys/options").json()["data"]
        body = {"name": "Phone", "state": ceremony["state"], "credential": phone.create(ceremony["options"])}

        made = api.post(f"{MINE}/passkeys", body)

        assert made.status_code == 201
        assert made.json()["data"]["kind"] == "passkey"
        assert len(made.json()["data"]["recovery_codes"]) == 10

    def test_is_registered_in_the_session_that_asked(self, ada, api_of, phone, session_of):
        ceremony = api_of(ada, sid=session_of(ada)).post(f"{MINE}/passkeys/options").json()["data"]
        body = {"name": "Phone", "state": ceremony["state"], "credential": phone.create(ceremony["options"])}

        refused = api_of(ada, sid=session_of(ada)).post(f"{MINE}/passkeys", body)

        assert (refused.status_code, refused.json()["code"]) == (422, "challenge_unknown")

    def test_that_lies_is_refused(self, api, phone):
        ceremony = api.post(f"{MINE}/passkeys/options").json()["data"]
        phone.origin = "https://evil.example"
        body = {"name": "Phone", "state": ceremony["state"], "credential": phone.create(ceremony["options"])}

        assert api.post(f"{MINE}/passkeys", body).json()["code"] == "passkey_refused"


class TestPolicy:
    PATH = "/api/v1/sign-in-policy"

    @pytest.fixture
    def owners(self, owner, api_of):
        return api_of(owner)

    def patch(self, client, body, **headers):
        return client.patch(self.PATH, body, content_type="application/json", headers=headers)

    def test_asks_for_nothing_until_somebody_decides(self, owners):
        data = owners.get(self.PATH).json()["data"]

        assert (data["mfa"], data["methods"], data["session_max_s"], data["version"]) == (
            "optional",
            ["totp", "passkey"],
            None,
            0,
        )

    def test_is_changed_as_seen_and_told(self, company, owner, owners, told):
        etag = owners.get(self.PATH)["ETag"]
        body = {"mfa": "roles", "mfa_roles": ["owner"], "grace_days": 7, "session_max_s": 3600}

        done = self.patch(owners, body, **{"If-Match": etag})
        same = self.patch(owners, body)
        late = self.patch(owners, {"mfa": "optional"}, **{"If-Match": etag})

        assert done.status_code == 200
        assert {name: done.json()["data"][name] for name in body} == body
        assert (same["ETag"], late.status_code) == (done["ETag"], 412)
        assert told(company.id).count("settings.changed") == 1

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"mfa": "sometimes"}, "mfa"),
            ({"mfa": "roles"}, "mfa_roles"),
            ({"mfa": "roles", "mfa_roles": ["king"]}, "roles"),
            ({"grace_days": 91}, "grace_days"),
            ({"methods": []}, "methods"),
            ({"methods": ["sms"]}, "methods"),
            ({"session_max_s": 10}, "session_max_s"),
        ],
    )
    def test_is_refused_when_it_makes_no_sense(self, owners, body, field):
        refused = self.patch(owners, body)

        assert refused.status_code == 422
        assert field in str(refused.json()["errors"])

    def test_is_for_owners(self, member, api_of):
        manager = api_of(member("manager"))

        assert manager.get(self.PATH).status_code == 403
        assert self.patch(manager, {"mfa": "everybody"}).status_code == 403

    def test_is_of_one_company(self, owners, other_company):
        self.patch(owners, {"mfa": "everybody"})

        with tenant(other_company.id):
            assert queries.policy().mfa == "optional"

    def test_needs_a_fresh_sign_in_to_change(self, owner, api_of):
        old = api_of(owner, auth_time=int(time.time()) - 900)

        assert self.patch(old, {"mfa": "everybody"}).status_code == 401
        assert old.get(self.PATH).status_code == 200

    def test_keeps_the_last_factor_of_whoever_must_have_one(self, ada, api, by_owner, passkey_of, app_of, now):
        made = passkey_of(ada.user_id)
        commands.change_policy(actor=by_owner, now=now, mfa="everybody")

        refused = api.delete(f"{MINE}/{made.id}")
        app_of(ada.user_id)
        done = api.delete(f"{MINE}/{made.id}")

        assert (refused.status_code, refused.json()["code"], done.status_code) == (409, "second_factor_required", 204)


class TestReset:
    def reset(self, client, user_id, reason="lost phone"):
        return client.post(f"/api/v1/users/{user_id}/second-factor-reset", {"reason": reason})

    def test_takes_every_factor_and_ends_every_session(self, ada, by_ada, owner, api_of, app_of, passkey_of, now, told):
        app_of(ada.user_id)
        passkey_of(ada.user_id)
        commands.make_recovery_codes(user_id=ada.user_id, actor=by_ada, now=now)

        done = self.reset(api_of(owner), ada.user_id)
        again = self.reset(api_of(owner), ada.user_id)

        held = queries.held_by(ada.user_id)
        assert (done.json()["data"], again.json()["data"]) == ({"removed": 2}, {"removed": 0})
        assert (held.kinds, held.codes) == (frozenset(), None)
        assert told(ada.user_id)[-2:] == ["passkey.removed", "mfa.totp_disabled"]

    def test_is_not_done_to_oneself(self, owner, api_of):
        assert self.reset(api_of(owner), owner.user_id).json()["code"] == "reset_yourself"

    def test_is_not_done_to_somebody_mightier(self, owner, member, api_of):
        assert self.reset(api_of(member("manager")), owner.user_id).json()["code"] == "beyond_own_permissions"

    def test_is_not_done_by_one_company_to_somebody_of_another_too(self, owner, api_of, member, other_company):
        """Their factors guard the other company as well: any company that invites them could take these away."""
        person = UserFactory()
        with tenant(other_company.id):
            member("owner", user=person)
        shared = member("clerk", user=person)

        assert self.reset(api_of(owner), shared.user_id).json()["code"] == "member_elsewhere"

    def test_finds_nobody_of_another_company(self, owner, api_of, member, other_company):
        with tenant(other_company.id):
            stranger = member("clerk")

        assert self.reset(api_of(owner), stranger.user_id).status_code == 404

    def test_is_refused_to_clerks(self, ada, member, api_of):
        assert self.reset(api_of(ada), member("clerk").user_id).status_code == 403

    def test_needs_a_reason(self, owner, ada, api_of):
        assert self.reset(api_of(owner), ada.user_id, reason="").status_code == 422
