"""E-mail addresses: confirmed, and changed."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from apps.core import mail
from apps.core.tenancy import no_tenant, tenant
from apps.iam.credentials import commands
from apps.iam.credentials.errors import AlreadyVerified, InvalidProfile, LinkIsOver
from apps.iam.credentials.tests.conftest import PASSWORD
from apps.iam.users import commands as users
from apps.iam.users import queries as people
from apps.iam.users.errors import AddressTaken, InvalidMember
from apps.iam.users.events import MemberEmailChanged
from apps.iam.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
NEW = "countess@mail.example"


@pytest.fixture
def browser(ada, company):
    from tests.callers import Caller

    token = Caller(ada.id, company.id, "", ada.email).token()
    return Client(headers={"authorization": f"Bearer {token}", "accept": "text/html"})


@pytest.fixture
def api(ada, company):
    from tests.callers import Caller

    return Caller(ada.id, company.id, "", ada.email).client()


def token_of(path: str) -> str:
    return path.rpartition("/")[2]


class TestVerification:
    @pytest.fixture
    def token(self, ada, outbox, last_link):
        commands.request_verification(user_id=ada.id, now=timezone.now())
        return token_of(last_link())

    def test_is_done_by_the_link_once_and_recorded_once(self, ada, token, recorded, company):
        with no_tenant():
            email = commands.verify_email(token=token, now=timezone.now())
            with pytest.raises(LinkIsOver):
                commands.verify_email(token=token, now=timezone.now())

        assert email == ada.email
        assert people.user(ada.id).email_verified
        assert recorded() == [("email.verified", ada.id, company.id)]

    def test_is_not_asked_for_again(self, ada, token):
        commands.verify_email(token=token, now=timezone.now())

        with pytest.raises(AlreadyVerified):
            commands.request_verification(user_id=ada.id, now=timezone.now())

    def test_is_over_with_another_address(self, ada, token):
        users.change_email(user_id=ada.id, email=NEW, now=timezone.now())

        with pytest.raises(LinkIsOver):
            commands.verify_email(token=token, now=timezone.now())

    def test_is_limited(self, ada, token, settings):
        settings.EMAIL_PER_HOUR = 1

        with pytest.raises(mail.TooManyMessages):
            commands.request_verification(user_id=ada.id, now=timezone.now())

    def test_changes_nothing_while_the_link_is_only_looked_at(self, ada, token):
        path = f"/email/verification/{token}"

        shown = Client().get(path)
        before = people.user(ada.id).email_verified
        done = Client().post(path)
        over = Client().get(path)

        assert (shown.status_code, before) == (200, False)
        assert "Your address is confirmed" in done.content.decode()
        assert (over.status_code, people.user(ada.id).email_verified) == (404, True)

    def test_is_asked_for_by_the_api_and_on_the_page(self, api, browser, ada, outbox):
        by_api = api.post("/api/v1/me/email-verification")
        by_page = browser.post("/account/email-verification")
        users.verify_email(user_id=ada.id, now=timezone.now())
        again = api.post("/api/v1/me/email-verification")

        assert (by_api.status_code, by_page.status_code) == (204, 302)
        assert [template for template, _, _ in outbox()] == ["email_verification"] * 2
        assert (again.status_code, again.json()["code"]) == (409, "already_verified")


class TestChange:
    @pytest.fixture
    def token(self, ada, outbox, last_link):
        commands.request_email_change(user_id=ada.id, email=NEW, now=timezone.now())
        (_, _, text), _ = outbox()
        return text.partition("/email/change/")[2].split()[0]

    def test_is_offered_to_the_new_address_and_told_to_the_old_one(self, ada, token, outbox):
        assert [(template, recipient) for template, recipient, _ in outbox()] == [
            ("email_change", NEW),
            ("email_change_notice", ada.email),
        ]
        assert people.user(ada.id).email == ada.email

    def test_happens_with_the_link_and_is_told_to_the_old_address_and_every_company(
        self, ada, token, outbox, recorded, published, company, other_company, member
    ):
        with tenant(other_company.id):
            other = member(user=ada)
        with no_tenant():
            email = commands.confirm_email_change(token=token, now=timezone.now())

        user = people.user(ada.id)
        told = [event for event in published if isinstance(event, MemberEmailChanged)]
        assert (email, user.email, user.email_verified) == (NEW, NEW, True)
        assert outbox()[-1][:2] == ("email_changed", ada.email)
        assert [kind for kind, _, _ in recorded()] == ["email.changed"]
        assert len(told) == 2
        assert other.id in {event.membership_id for event in told}
        assert people.user_by_email(ada.email) is None

    def test_works_once(self, token):
        commands.confirm_email_change(token=token, now=timezone.now())

        with pytest.raises(LinkIsOver):
            commands.confirm_email_change(token=token, now=timezone.now())

    def test_is_over_with_another_password_as_the_notice_says(self, ada, token):
        users.set_password(user_id=ada.id, password="nine green umbrellas")

        with pytest.raises(LinkIsOver):
            commands.confirm_email_change(token=token, now=timezone.now())

    def test_does_not_tell_whose_address_it_is(self, ada, outbox):
        UserFactory(email=NEW)

        commands.request_email_change(user_id=ada.id, email=NEW.upper(), now=timezone.now())

        assert [(template, recipient) for template, recipient, _ in outbox()] == [("email_change_notice", ada.email)]

    def test_meets_somebody_who_was_faster(self, token, ada):
        UserFactory(email=NEW)

        with pytest.raises(AddressTaken):
            commands.confirm_email_change(token=token, now=timezone.now())
        assert Client().post(f"/email/change/{token}").status_code == 409
        assert people.user(ada.id).email == ada.email

    @pytest.mark.parametrize(
        ("email", "error"), [("ada@mail.example", InvalidProfile), ("nobody", InvalidMember), ("", InvalidMember)]
    )
    def test_refuses_what_is_no_other_address(self, ada, outbox, email, error):
        with pytest.raises(error):
            commands.request_email_change(user_id=ada.id, email=email, now=timezone.now())
        assert outbox() == []

    def test_may_be_another_spelling_of_the_same(self, ada, outbox, last_link):
        commands.request_email_change(user_id=ada.id, email="Ada@mail.example", now=timezone.now())
        (_, _, text), _ = outbox()
        token = text.partition("/email/change/")[2].split()[0]

        commands.confirm_email_change(token=token, now=timezone.now())

        assert people.user(ada.id).email == "Ada@mail.example"
        assert len(outbox()) == 2

    def test_is_asked_for_by_the_api_by_who_has_just_signed_in(self, api, ada, company, outbox):
        from tests.callers import Caller, JsonClient

        old = Caller(ada.id, company.id, "", ada.email).token(auth_time=int(timezone.now().timestamp()) - 3600)
        stale = JsonClient(headers={"authorization": f"Bearer {old}", "accept": "application/json"})

        done = api.post("/api/v1/me/email-change", {"email": NEW})
        refused = stale.post("/api/v1/me/email-change", {"email": NEW})

        assert done.status_code == 204
        assert (refused.status_code, refused.json()["code"]) == (401, "insufficient_user_authentication")
        assert len(outbox()) == 2

    def test_is_asked_for_and_confirmed_on_pages(self, browser, ada, outbox):
        wrong = browser.post("/account/email-change", {"email": "nobody"})
        same = browser.post("/account/email-change", {"email": ada.email})
        asked = browser.post("/account/email-change", {"email": NEW})
        token = outbox()[0][2].partition("/email/change/")[2].split()[0]
        shown = Client().get(f"/email/change/{token}")
        done = Client().post(f"/email/change/{token}")
        signed_in = Client().post("/sign-in/", {"email": NEW, "password": PASSWORD})

        assert (wrong.status_code, same.status_code, asked.status_code) == (422, 422, 302)
        assert NEW in shown.content.decode()
        assert f"Sign in with {NEW}" in done.content.decode()
        assert signed_in.status_code == 302
