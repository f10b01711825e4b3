"""Invitations by mail: sent, followed, sent again, taken back, over."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from apps.core import mail
from apps.core.history import SYSTEM
from apps.core.tenancy import no_tenant, tenant
from apps.iam.credentials import commands, queries
from apps.iam.credentials.errors import HasJoined, InvalidPassword, LinkIsOver, NoInvitation
from apps.iam.credentials.events import InvitationAccepted, InvitationRevoked, InvitationSent
from apps.iam.credentials.models import Invitation
from apps.iam.credentials.tests.conftest import PASSWORD
from apps.iam.oidc import people as access
from apps.iam.tenants import commands as tenants
from apps.iam.users import commands as users
from apps.iam.users import queries as people
from apps.iam.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
EMAIL = "grace@mail.example"


def path_token(path: str) -> str:
    return path.rpartition("/")[2]


@pytest.fixture
def invite(company, by_owner, outbox):
    def call(email=EMAIL, name="Grace", roles=("clerk",), actor=by_owner, **more):
        return commands.invite(email=email, name=name, roles=roles, actor=actor, now=timezone.now(), **more)

    return call


@pytest.fixture
def accept(last_link):
    def call(token=None, name="Grace Hopper", password=PASSWORD, now=None):
        token = token or path_token(last_link())
        with no_tenant():
            return commands.accept_invitation(token=token, name=name, password=password, now=now or timezone.now())

    return call


class TestInvite:
    def test_mails_a_link_and_makes_no_password(self, invite, outbox, company):
        invited = invite()

        ((template, recipient, text),) = outbox()
        assert (template, recipient) == ("invitation", EMAIL)
        assert f"Olive Hart invites you to work in {company.name}" in text
        assert invited.one_time_password is None
        assert not people.user_by_email(EMAIL).has_usable_password()

    def test_makes_a_password_as_well_where_that_is_wanted(self, invite, outbox):
        password = invite(with_password=True).one_time_password

        assert people.user_by_email(EMAIL).check_password(password)
        assert len(outbox()) == 1

    def test_makes_a_password_where_no_mail_is_sent(self, invite, settings):
        settings.EMAIL_URL = ""

        invited = invite()

        assert people.user_by_email(EMAIL).check_password(invited.one_time_password)
        with pytest.raises(NoInvitation):
            queries.invitation(invited.membership.user_id)

    def test_keeps_nothing_of_the_link_in_the_database(self, invite, last_link):
        invite()

        row = Invitation.objects.get()
        assert row.token_hash not in last_link()
        assert not hasattr(row.history.get(), "token_hash")

    def test_makes_nobody_when_the_address_has_had_too_much_mail(self, invite, settings):
        settings.EMAIL_PER_HOUR = 0

        with pytest.raises(mail.TooManyMessages):
            invite()
        assert people.user_by_email(EMAIL) is None

    def test_tells_the_others(self, invite, published):
        user_id = invite().membership.user_id

        invitation = queries.invitation(user_id)
        assert published[-1] == InvitationSent(
            invitation_id=invitation.id, user_id=user_id, expires_at=invitation.expires_at
        )

    def test_of_a_first_owner_names_nobody(self, invite, outbox, company):
        invite(roles=("owner",), actor=SYSTEM)

        assert f"you are invited to work in {company.name}" in outbox()[-1][2]


class TestAccepting:
    def test_makes_a_member_who_can_sign_in_and_whose_address_is_confirmed(self, invite, accept, published, company):
        user_id = invite().membership.user_id

        offer = accept()

        user, member = people.user(user_id), people.member(user_id)
        assert (offer.tenant_name, offer.needs_password) == (company.name, True)
        assert user.check_password(PASSWORD)
        assert user.email_verified
        assert (user.name, member.name, member.status) == ("Grace Hopper", "Grace Hopper", "active")
        assert InvitationAccepted(invitation_id=queries.invitation(user_id).id, user_id=user_id) in published

    def test_works_once(self, invite, accept, last_link):
        invite()
        accept()

        with pytest.raises(LinkIsOver):
            accept(password="another good password")
        with pytest.raises(LinkIsOver):
            commands.offer_of(token=path_token(last_link()), now=timezone.now())

    def test_works_after_it_was_looked_at(self, invite, accept, last_link):
        invite()

        for _ in range(2):
            commands.offer_of(token=path_token(last_link()), now=timezone.now())

        assert accept()

    def test_works_for_seven_days(self, invite, accept):
        invite()
        end = timezone.now() + timedelta(days=7)

        with pytest.raises(LinkIsOver):
            accept(now=end + timedelta(seconds=1))
        assert accept(now=end - timedelta(minutes=1))

    @pytest.mark.parametrize("token", ["", "lnk_", "nonsense", "lnk_AAAA", "lnk_" + "A" * 75, "lnk_é", "lnk_" + "\x00"])
    def test_takes_no_token_that_is_none_of_ours(self, company, token):
        with pytest.raises(LinkIsOver):
            commands.offer_of(token=token, now=timezone.now())

    def test_takes_no_token_of_another_company(self, invite, accept, last_link, other_company):
        from apps.iam.credentials.links import InvitationToken

        invite()
        ours = InvitationToken.read(path_token(last_link()))
        forged = InvitationToken(other_company.id, ours.invitation_id, ours.secret)

        with pytest.raises(LinkIsOver):
            accept(token=str(forged))

    def test_refuses_a_bad_password_and_uses_nothing_up(self, invite, accept):
        invite()

        with pytest.raises(InvalidPassword):
            accept(password="password1234")
        assert accept()

    def test_leaves_a_confirmed_account_as_it_is(self, invite, accept, ada, other_company):
        users.verify_email(user_id=ada.id, now=timezone.now())
        with tenant(other_company.id):
            invite(email=ada.email, name="Countess", actor=SYSTEM)

        offer = accept(name="Mallory", password="mallory knows this one")

        user = people.user(ada.id)
        assert not offer.needs_password
        assert user.check_password(PASSWORD)
        assert user.name == "Ada Lovelace"
        with tenant(other_company.id):
            assert people.member(ada.id).status == "active"

    def test_takes_an_unconfirmed_account_away_from_whoever_made_it(self, invite, accept, ada, other_company):
        """Somebody else may have made it with this address, to be let in wherever its owner is invited."""
        with tenant(other_company.id):
            invite(email=ada.email, name="Ada", actor=SYSTEM)

        offer = accept(name="Ignored", password="only the owner knows")

        user = people.user(ada.id)
        assert offer.needs_password
        assert user.check_password("only the owner knows")
        assert (user.email_verified, user.name) == (True, "Ada Lovelace")

    @pytest.mark.parametrize("happening", ["deleted", "suspended", "person suspended", "tenant suspended", "joined"])
    def test_is_over_when_there_is_nothing_to_join(self, invite, accept, by_owner, company, happening):
        user_id, now = invite().membership.user_id, timezone.now()
        {
            "deleted": lambda: users.delete_member(user_id=user_id, actor=by_owner, now=now),
            "suspended": lambda: users.update_member(user_id=user_id, actor=by_owner, suspended=True),
            "person suspended": lambda: users.suspend_user(user_id=user_id),
            "tenant suspended": lambda: tenants.suspend_tenant(tenant_id=company.id),
            "joined": lambda: users.join(user_id=user_id, now=now),
        }[happening]()

        with pytest.raises(LinkIsOver):
            accept()


class TestSendingAgain:
    def test_replaces_the_link_before(self, invite, accept, last_link, by_owner):
        user_id, first = invite().membership.user_id, path_token(last_link())

        commands.send_invitation(user_id=user_id, actor=by_owner, now=timezone.now())

        with pytest.raises(LinkIsOver):
            accept(token=first)
        assert accept()

    def test_is_refused_for_who_has_joined(self, company, outbox, owner, by_owner):
        with pytest.raises(HasJoined):
            commands.send_invitation(user_id=owner.user_id, actor=by_owner, now=timezone.now())
        assert outbox() == []

    def test_opens_again_what_was_taken_back(self, invite, accept, by_owner):
        user_id = invite().membership.user_id
        commands.revoke_invitation(user_id=user_id, actor=by_owner, now=timezone.now())

        commands.send_invitation(user_id=user_id, actor=by_owner, now=timezone.now())

        assert accept()


class TestRevoking:
    def test_ends_the_link_and_tells_of_it_once(self, invite, accept, by_owner, published):
        user_id = invite().membership.user_id

        for _ in range(2):
            commands.revoke_invitation(user_id=user_id, actor=by_owner, now=timezone.now())

        with pytest.raises(LinkIsOver):
            accept()
        assert sum(isinstance(event, InvitationRevoked) for event in published) == 1

    def test_finds_nothing_in_another_company_nor_after_joining(self, invite, accept, by_owner, other_company):
        user_id = invite().membership.user_id
        with tenant(other_company.id), pytest.raises(NoInvitation):
            commands.revoke_invitation(user_id=user_id, actor=by_owner, now=timezone.now())
        accept()

        with pytest.raises(NoInvitation):
            commands.revoke_invitation(user_id=user_id, actor=by_owner, now=timezone.now())


class TestEntering:
    """Who may enter by signing in, without the link."""

    @pytest.fixture
    def may_enter(self, other_company):
        def call(user_id, later=timedelta()):
            users.record_sign_in(user_id=user_id, now=timezone.now())
            with tenant(other_company.id):
                joined = people.member(user_id).status == "active"
            return joined, other_company.id in {choice.id for choice in access.tenants_of(user_id)}

        return call

    @pytest.fixture
    def invite_ada(self, invite, ada, other_company):
        def call(**more):
            with tenant(other_company.id):
                invite(email=ada.email, name="Ada", actor=SYSTEM, **more)

        return call

    def test_is_for_an_account_whose_address_is_confirmed(self, invite_ada, ada, may_enter):
        users.verify_email(user_id=ada.id, now=timezone.now())

        invite_ada()

        assert may_enter(ada.id) == (True, True)

    def test_is_not_for_an_account_that_somebody_else_may_have_made(self, invite_ada, ada, may_enter):
        invite_ada()

        assert may_enter(ada.id) == (False, False)

    @pytest.mark.parametrize("end", ["revoked", "expired"])
    def test_is_over_with_the_invitation(self, invite_ada, ada, other_company, may_enter, end):
        users.verify_email(user_id=ada.id, now=timezone.now())
        invite_ada()
        with tenant(other_company.id):
            if end == "revoked":
                commands.revoke_invitation(user_id=ada.id, actor=SYSTEM, now=timezone.now())
            else:
                Invitation.objects.in_tenant().update(expires_at=timezone.now())

        assert may_enter(ada.id) == (False, False)

    def test_is_for_a_one_time_password(self, company, invite):
        invited = invite(with_password=True)

        users.record_sign_in(user_id=invited.membership.user_id, now=timezone.now())

        assert people.member(invited.membership.user_id).status == "active"

    def test_is_for_whoever_was_sent_no_mail(self, invite_ada, ada, may_enter, settings):
        settings.EMAIL_URL = ""
        invite_ada()

        assert may_enter(ada.id) == (True, True)


@pytest.mark.django_db(transaction=True)
def test_two_who_follow_a_link_at_once_are_one(company, owner, by_owner, outbox, last_link):
    user_id = commands.invite(
        email=EMAIL, name="Grace", roles=["clerk"], actor=by_owner, now=timezone.now()
    ).membership.user_id
    token, together, outcomes = path_token(last_link()), Barrier(2), []

    def follow(password: str) -> None:
        together.wait()
        try:
            commands.accept_invitation(token=token, name="Grace", password=password, now=timezone.now())
            outcomes.append(password)
        except LinkIsOver:
            outcomes.append("over")
        finally:
            connections.close_all()

    threads = [Thread(target=follow, args=(f"password of rival {n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (winner,) = [outcome for outcome in outcomes if outcome != "over"]
    assert sorted(outcomes) == sorted([winner, "over"])
    assert people.user(user_id).check_password(winner)


class TestPage:
    def test_lets_somebody_new_choose_name_and_password(self, invite, last_link):
        invite()
        browser = Client()

        shown = browser.get(last_link())
        refused = browser.post(last_link(), {"name": "Grace", "password": PASSWORD, "repeated": "another"})
        weak = browser.post(last_link(), {"name": "Grace", "password": "grace12345", "repeated": "grace12345"})
        done = browser.post(last_link(), {"name": "Grace", "password": PASSWORD, "repeated": PASSWORD})
        over = browser.get(last_link())

        assert shown.status_code == 200
        assert 'value="Grace"' in shown.content.decode()
        assert (refused.status_code, "The two differ" in refused.content.decode()) == (422, True)
        assert (weak.status_code, "too short" in weak.content.decode()) == (422, True)
        assert (done.status_code, done.url) == (302, "/auth/login")
        assert (over.status_code, "no longer works" in over.content.decode()) == (404, True)
        assert people.user_by_email(EMAIL).check_password(PASSWORD)

    def test_asks_somebody_known_for_nothing(self, invite, last_link, other_company):
        user = UserFactory(email=EMAIL)
        users.set_password(user_id=user.id, password=PASSWORD)
        users.verify_email(user_id=user.id, now=timezone.now())
        invite()

        shown = Client().get(last_link())
        done = Client().post(last_link())

        assert "You have an account already" in shown.content.decode()
        assert done.status_code == 302
        assert people.member(user.id).status == "active"

    def test_is_not_kept_by_any_cache(self, invite, last_link):
        invite()

        assert "no-store" in Client().get(last_link())["Cache-Control"]


class TestApi:
    @pytest.fixture
    def api(self, owner, client_of):
        return client_of(owner)

    @pytest.fixture
    def path(self, api, outbox):
        answer = api.post("/api/v1/users", {"email": EMAIL, "name": "Grace", "roles": ["clerk"]})
        assert answer.status_code == 201
        assert answer.json()["data"]["one_time_password"] is None
        return f"/api/v1/users/{answer.json()['data']['id']}"

    def test_shows_the_invitation_and_when_it_ends(self, api, path):
        listed = api.get("/api/v1/users?state=invited").json()["data"]
        invitation = api.get(f"{path}/invitation").json()["data"]

        assert invitation["state"] == "open"
        assert [row["invitation_expires_at"] for row in listed] == [invitation["expires_at"]]

    def test_gives_a_password_as_well_by_choice(self, api, outbox):
        answer = api.post("/api/v1/users", {"email": EMAIL, "name": "Grace", "roles": ["clerk"], "with_password": True})

        assert people.user_by_email(EMAIL).check_password(answer.json()["data"]["one_time_password"])

    def test_sends_again_and_takes_back(self, api, path, outbox):
        again = api.post(f"{path}/invitation")
        replayed = [api.post(f"{path}/invitation", headers={"idempotency-key": "k"}) for _ in range(2)]
        gone = api.delete(f"{path}/invitation")
        state = api.get(f"{path}/invitation").json()["data"]["state"]

        assert (again.status_code, replayed[1]["Idempotency-Replayed"], gone.status_code) == (201, "true", 204)
        assert len(outbox()) == 3
        assert state == "revoked"
        assert api.get(path).json()["data"]["invitation_revoked_at"]

    def test_says_that_no_mail_is_sent(self, api, path, settings):
        settings.EMAIL_URL = ""

        answer = api.post(f"{path}/invitation")

        assert (answer.status_code, answer.json()["code"]) == (409, "mail_is_off")

    def test_does_not_find_people_of_another_company(self, api, path, other_company, member):
        with tenant(other_company.id):
            stranger = member()
        path = f"/api/v1/users/{stranger.user_id}/invitation"

        codes = [getattr(api, method)(path).json()["code"] for method in ("get", "post", "delete")]

        assert codes == ["member_not_found"] * 3

    def test_is_for_who_manages_people(self, path, member, client_of):
        clerk = client_of(member("clerk"))

        assert [getattr(clerk, method)(f"{path}/invitation").status_code for method in ("get", "post", "delete")] == [
            403,
            403,
            403,
        ]
