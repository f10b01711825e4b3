"""Acting as somebody else, by token exchange (RFC 8693)."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import ECKey

from apps.core.auth import MissingPermission, NotWhileImpersonating
from apps.core.auth.tokens import verified_claims
from apps.core.errors import Unauthenticated
from apps.core.tenancy import tenant
from apps.iam.audit.events import SecurityEventRecorded
from apps.iam.oidc import keys
from apps.iam.oidc.tests import identity
from apps.iam.roles.errors import BeyondOwnPermissions
from apps.iam.roles.tests.factories import RoleAssignmentFactory, RoleFactory
from apps.iam.sessions import commands, impersonation_tokens, queries
from apps.iam.sessions.errors import InvalidImpersonation, LeaveUsed, NobodyToActAs, NoSessionOfYourOwn, NotAsYourself
from apps.iam.sessions.events import EndReason
from apps.iam.sessions.models import Session
from apps.iam.sessions.tests.conftest import principal_of
from apps.iam.users import commands as users
from tests.callers import Caller, JsonClient

pytestmark = pytest.mark.django_db
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
JWT = "urn:ietf:params:oauth:token-type:jwt"


@pytest.fixture
def own(owner, session_of):
    """The owner's own session."""
    return session_of(owner)


@pytest.fixture
def leave(by_owner, own):
    """Leave for the owner to act as a member."""

    def of(member, reason: str = "Ticket 4711", **others: Any) -> str:
        facts = {"actor": by_owner, "session_id": str(own.id), **others}
        return commands.permit_impersonation(user_id=member.user_id, reason=reason, **facts).subject_token

    return of


@pytest.fixture
def act_as(by_owner, own, leave):
    """The owner acts as a member: the session."""

    def begin(member, **others: Any) -> Session:
        return commands.begin_impersonation(
            leave=impersonation_tokens.read(leave(member)),
            actor=by_owner,
            session_id=str(own.id),
            now=timezone.now(),
            **others,
        )

    return begin


def happenings(published) -> list[SecurityEventRecorded]:
    return [event for event in published if isinstance(event, SecurityEventRecorded)]


class TestLeave:
    def test_is_given_for_one_person_to_one_person(self, company, owner, member, leave):
        mia = member()

        found = impersonation_tokens.read(leave(mia, "Ticket  4711 "))

        assert (found.user_id, found.actor_id, found.tenant_id) == (mia.user_id, owner.user_id, company.id)
        assert found.reason == "Ticket 4711"

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "nul\x00"])
    def test_needs_a_reason(self, member, leave, reason):
        with pytest.raises(InvalidImpersonation):
            leave(member(), reason)

    def test_is_not_for_who_lacks_the_permission(self, member, session_of, actor_of, leave):
        manager = member("manager")

        with pytest.raises(MissingPermission):
            leave(member(), actor=actor_of(manager), session_id=str(session_of(manager).id))

    def test_is_not_for_acting_as_somebody_mightier(self, owner, member, session_of, actor_of, leave):
        helper = member("viewer")
        RoleFactory(code="helper", permissions=["users.impersonate"])
        RoleAssignmentFactory(holder_id=helper.user_id, role_code="helper")

        with pytest.raises(BeyondOwnPermissions):
            leave(owner, actor=actor_of(helper), session_id=str(session_of(helper).id))

    def test_is_not_for_acting_as_oneself(self, owner, leave):
        with pytest.raises(NotAsYourself):
            leave(owner)

    def test_is_not_for_who_acts_as_somebody_already(self, by_owner, member, leave):
        with pytest.raises(NotWhileImpersonating):
            leave(member(), actor=replace(by_owner, impersonator_id=uuid4(), impersonator_name="Zoë"))

    def test_is_for_people_who_are_signed_in(self, by_owner, member, leave):
        mia = member()

        with pytest.raises(NoSessionOfYourOwn):
            leave(mia, session_id="")
        with pytest.raises(NoSessionOfYourOwn):
            leave(mia, actor=replace(by_owner, kind="service"))

    def test_is_not_for_acting_as_somebody_who_may_not_sign_in(self, member, leave):
        suspended, gone = member(status="suspended"), member()
        users.suspend_user(user_id=gone.user_id)

        for someone in (suspended, gone):
            with pytest.raises(NobodyToActAs):
                leave(someone)

    def test_is_not_for_somebody_of_another_company(self, other_company, member, leave):
        from apps.iam.users.errors import MemberNotFound

        with tenant(other_company.id):
            stranger = member()

        with pytest.raises(MemberNotFound):
            leave(stranger)


class TestActing:
    def test_is_a_session_of_an_hour_under_both_names(self, company, owner, member, act_as, published):
        mia = member("clerk", name="Mia")

        session = act_as(mia)
        principal = principal_of(session)

        assert (principal.subject, principal.name) == (mia.user_id, "Mia")
        assert (principal.impersonator_id, principal.impersonator_name) == (owner.user_id, "Olive Hart")
        assert principal.actor.impersonator_id == owner.user_id
        assert timedelta(minutes=59) < session.expires_at - timezone.now() <= timedelta(hours=1)
        [event] = happenings(published)
        assert (event.kind, event.subject_id, event.actor_id) == ("impersonation.started", mia.user_id, owner.user_id)
        assert (event.reason, event.session_id) == ("Ticket 4711", str(session.id))

    def test_ends_no_later_than_the_own_session(self, own, member, act_as):
        Session.objects.filter(id=own.id).update(expires_at=timezone.now() + timedelta(minutes=5))

        assert act_as(member()).expires_at < timezone.now() + timedelta(minutes=6)

    def test_begins_once_for_each_leave(self, by_owner, own, member, leave):
        token = impersonation_tokens.read(leave(member()))
        facts = {"leave": token, "actor": by_owner, "session_id": str(own.id), "now": timezone.now()}
        commands.begin_impersonation(**facts)

        with pytest.raises(LeaveUsed):
            commands.begin_impersonation(**facts)
        assert Session.objects.filter(kind="impersonation").count() == 1

    def test_does_not_begin_when_roles_have_changed_since_the_leave(self, by_owner, own, owner, member, leave, now):
        token = impersonation_tokens.read(leave(member()))
        member("owner")
        users.change_roles(user_id=owner.user_id, roles_held=["clerk"], actor=by_owner, now=now)

        with pytest.raises(MissingPermission):
            commands.begin_impersonation(leave=token, actor=by_owner, session_id=str(own.id), now=now)

    def test_is_in_both_lists_and_either_ends_it(self, owner, member, act_as, actor_of, by_owner, published, now):
        mia = member()
        for ends, actor in ((mia.user_id, actor_of(mia)), (owner.user_id, by_owner)):
            session = act_as(mia)
            assert session in queries.sessions_of(mia.user_id, now=timezone.now())
            assert session in queries.sessions_of(owner.user_id, now=timezone.now())

            commands.revoke_own(session_id=session.id, user_id=ends, actor=actor, now=timezone.now())

            with pytest.raises(Unauthenticated):
                principal_of(session)
            assert happenings(published)[-1].kind == "impersonation.ended"
            assert happenings(published)[-1].actor_id == ends
        assert len(happenings(published)) == 4

    def test_ends_with_the_own_session(self, own, member, act_as, published, now):
        session = act_as(member())

        commands.end_session(session_id=own.id, reason=EndReason.SIGNED_OUT, now=now)

        with pytest.raises(Unauthenticated):
            principal_of(session)
        assert [event.kind for event in happenings(published)] == [
            "impersonation.started",
            "sign_out",
            "impersonation.ended",
        ]

    def test_never_allows_more_than_both_may(self, owner, member, act_as, by_owner, now):
        mia = member("clerk")
        second = member("owner")
        session = act_as(mia)
        RoleFactory(code="helper", permissions=["users.impersonate", "orders.view"])
        RoleAssignmentFactory(holder_id=owner.user_id, role_code="helper")
        users.change_roles(user_id=owner.user_id, roles_held=["helper"], actor=by_owner, now=now)

        assert principal_of(session).permissions == {"orders.view"}
        assert second

    def test_ends_when_the_permission_is_taken_away(self, owner, member, act_as, by_owner, now):
        session, second = act_as(member()), member("owner")
        users.change_roles(user_id=owner.user_id, roles_held=["manager"], actor=by_owner, now=now)

        with pytest.raises(Unauthenticated):
            principal_of(session)
        assert second

    def test_ends_when_who_acts_is_suspended(self, owner, member, act_as, actor_of):
        session, second = act_as(member()), member("owner")
        users.update_member(user_id=owner.user_id, suspended=True, actor=actor_of(second))

        with pytest.raises(Unauthenticated):
            principal_of(session)

    def test_is_shut_out_of_what_people_decide_in_person(self, company, member, act_as):
        mia = member("manager")
        session = act_as(mia)
        token = Caller(mia.user_id, company.id, "", "").token(sid=str(session.id))
        client = JsonClient(headers={"authorization": f"Bearer {token}", "accept": "application/json"})
        someone = member("viewer")

        answers = [
            client.get("/api/v1/me/sessions"),
            client.delete("/api/v1/me/sessions"),
            client.get("/api/v1/me/tenants"),
            client.delete(f"/api/v1/users/{someone.user_id}/sessions"),
            client.post(f"/api/v1/users/{someone.user_id}/impersonation", {"reason": "x"}),
            client.put(f"/api/v1/users/{someone.user_id}/roles", {"roles": ["clerk"]}, content_type="application/json"),
        ]

        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "not_while_impersonating")}
        assert client.get("/api/v1/orders").status_code == 200

    def test_names_both_in_the_history(self, owner, member, act_as, session_of, company, published):
        mia, ada = member("manager", name="Mia"), member("viewer", name="Ada")
        token = Caller(mia.user_id, company.id, "", "").token(sid=str(act_as(mia).id))
        client = JsonClient(headers={"authorization": f"Bearer {token}", "accept": "application/json"})

        client.patch(f"/api/v1/users/{ada.user_id}", {"name": "Ada King"}, content_type="application/json")

        token = Caller(owner.user_id, company.id, "", "").token()
        auditor = JsonClient(headers={"authorization": f"Bearer {token}", "accept": "application/json"})
        change = auditor.get("/api/v1/changes?entity=Membership&action=updated").json()["data"][0]
        assert (change["actor_name"], change["impersonator_name"]) == ("Mia", "Olive Hart")
        envelope = published.envelopes()[-1]
        assert (envelope.metadata.user_id, envelope.metadata.impersonator_id) == (mia.user_id, owner.user_id)


class TestExchange:
    """Over HTTP, as a client does it."""

    @pytest.fixture
    def olive(self, company) -> identity.Somebody:
        return identity.member_of(company, "olive@acme.example", "owner")

    @pytest.fixture
    def ben(self, company) -> identity.Somebody:
        return identity.member_of(company, "ben@acme.example", "clerk")

    @pytest.fixture
    def shop(self, company, browser) -> identity.Flow:
        client, secret = identity.second_client(may_exchange_tokens=True)
        return identity.Flow(client.client_id, secret, identity.SECOND_CLIENT_URI, browser)

    @pytest.fixture
    def actor_token(self, olive, shop) -> str:
        token: str = shop.tokens(olive.email)["access_token"]
        return token

    @pytest.fixture
    def subject_token(self, actor_token, ben) -> str:
        answer = Client().post(
            f"/api/v1/users/{ben.id}/impersonation",
            {"reason": "Ticket 4711"},
            content_type="application/json",
            headers={"authorization": f"Bearer {actor_token}"},
        )
        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
        assert answer.json()["data"]["subject_token_type"] == JWT
        token: str = answer.json()["data"]["subject_token"]
        return token

    @pytest.fixture
    def exchange(self, shop, actor_token, subject_token):
        def send(**changes: Any) -> Any:
            form = {
                "grant_type": EXCHANGE,
                "subject_token": subject_token,
                "subject_token_type": JWT,
                "actor_token": actor_token,
                "actor_token_type": ACCESS_TOKEN,
                "client_id": shop.client_id,
                "client_secret": shop.client_secret,
                **changes,
            }
            return Client().post("/oidc/token", {name: value for name, value in form.items() if value is not None})

        return send

    def test_gives_a_token_of_the_person_that_names_who_acts(self, olive, ben, exchange):
        response = exchange()
        answer = response.json()

        assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
        assert answer["issued_token_type"] == ACCESS_TOKEN
        assert (answer["token_type"], answer["scope"]) == ("Bearer", "api")
        assert 0 < answer["expires_in"] <= 600
        claims = verified_claims(answer["access_token"])
        assert (claims["sub"], claims["act"]) == (str(ben.id), {"sub": str(olive.id)})
        assert {"acr", "amr", "auth_time"} & set(claims) == set()
        me = Client().get("/api/v1/me", headers={"authorization": f"Bearer {answer['access_token']}"})
        assert me.json()["data"]["id"] == str(ben.id)

    def test_can_be_refreshed_and_still_says_who_acts(self, olive, ben, shop, exchange):
        refreshed = shop.refresh(exchange().json()["refresh_token"])

        assert refreshed.status_code == 200
        claims = verified_claims(refreshed.json()["access_token"])
        assert (claims["sub"], claims["act"]) == (str(ben.id), {"sub": str(olive.id)})

    def test_is_over_when_the_refresh_token_is_given_back(self, shop, exchange, published):
        answer = exchange().json()

        Client().post(
            "/oidc/revoke",
            {
                "token": answer["refresh_token"],
                "client_id": shop.client_id,
                "client_secret": shop.client_secret,
            },
        )

        me = Client().get("/api/v1/me", headers={"authorization": f"Bearer {answer['access_token']}"})
        assert me.status_code == 401
        assert [event.kind for event in happenings(published)][-1] == "impersonation.ended"

    def test_works_once(self, exchange):
        first, second = exchange(), exchange()

        assert (first.status_code, second.status_code) == (200, 400)
        assert second.json()["error"] == "invalid_request"

    @pytest.mark.parametrize(
        ("changes", "status", "error"),
        [
            ({"client_secret": "wrong"}, 401, "invalid_client"),
            ({"subject_token": None}, 400, "invalid_request"),
            ({"subject_token": "a.b.c"}, 400, "invalid_request"),
            ({"subject_token_type": ACCESS_TOKEN}, 400, "invalid_request"),
            ({"subject_token_type": None}, 400, "invalid_request"),
            ({"actor_token": None}, 400, "invalid_request"),
            ({"actor_token": "a.b.c"}, 400, "invalid_request"),
            ({"actor_token_type": JWT}, 400, "invalid_request"),
            ({"actor_token_type": None}, 400, "invalid_request"),
            ({"requested_token_type": "urn:ietf:params:oauth:token-type:saml2"}, 400, "invalid_request"),
            ({"audience": "elsewhere"}, 400, "invalid_target"),
            ({"scope": "openid api"}, 400, "invalid_scope"),
        ],
    )
    def test_refuses_what_is_wrong(self, exchange, changes, status, error):
        response = exchange(**changes)

        assert (response.status_code, response.json()["error"]) == (status, error)
        assert not Session.objects.filter(kind="impersonation").exists()

    def test_refuses_the_tokens_swapped_or_the_same(self, exchange, actor_token, subject_token):
        assert exchange(subject_token=actor_token, actor_token=subject_token).status_code == 400
        assert exchange(subject_token=actor_token).status_code == 400
        assert exchange(actor_token=subject_token).status_code == 400

    def test_refuses_a_client_that_is_not_trusted(self, shop, exchange):
        call_command("trust_with_token_exchange", shop.client_id, "--withdraw")
        assert exchange().json()["error"] == "unauthorized_client"

        call_command("trust_with_token_exchange", shop.client_id)
        assert exchange().status_code == 200

    def test_refuses_a_token_that_another_client_was_given(self, exchange):
        other, secret = identity.second_client(client_id="other", may_exchange_tokens=True)

        response = exchange(client_id=other.client_id, client_secret=secret)

        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")

    def test_refuses_leave_that_was_given_to_somebody_else(self, company, ben, shop, exchange):
        shop.browser = identity.Browser()
        other = shop.tokens(identity.member_of(company, "oscar@acme.example", "owner").email)

        assert exchange(actor_token=other["access_token"]).status_code == 400

    def test_refuses_leave_that_is_over_or_forged(self, olive, ben, company, exchange, settings):
        now = int(time.time())
        said = {
            "iss": settings.OIDC_ISSUER,
            "aud": settings.OIDC_ISSUER,
            "sub": str(ben.id),
            "may_act": {"sub": str(olive.id)},
            "tenant": str(company.id),
            "reason": "x",
            "jti": str(uuid4()),
            "iat": now - 120,
            "exp": now - 60,
        }
        forged = jwt.encode(
            {"alg": "ES256", "typ": "impersonation+jwt"}, {**said, "exp": now + 60}, ECKey.generate_key("P-256")
        )

        over = keys.signed(said, typ="impersonation+jwt")
        otherwise = keys.signed({**said, "exp": now + 60}, typ="at+jwt")
        assert {exchange(subject_token=token).status_code for token in (over, forged, otherwise)} == {400}

    def test_is_not_chained(self, company, shop, exchange):
        """A token for acting as somebody is no token of that person's own."""
        acting = exchange().json()["access_token"]

        answer = Client().post(
            f"/api/v1/users/{uuid4()}/impersonation",
            {"reason": "x"},
            content_type="application/json",
            headers={"authorization": f"Bearer {acting}"},
        )

        assert answer.status_code == 403
        assert exchange(actor_token=acting).status_code == 400


class TestCommand:
    def test_says_what_is_wrong(self, db):
        with pytest.raises(CommandError, match="client_not_found"):
            call_command("trust_with_token_exchange", "nobody")

    def test_does_not_trust_a_client_that_keeps_no_secret(self, db):
        client, _ = identity.second_client(client_type=identity.Application.CLIENT_PUBLIC)

        with pytest.raises(CommandError, match="public client"):
            call_command("trust_with_token_exchange", client.client_id)
