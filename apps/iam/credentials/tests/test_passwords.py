"""Passwords: what they must be, another one, a forgotten one."""

from __future__ import annotations

import time
from threading import Barrier, Thread
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core import signing
from django.db import connections
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError

from apps.core.api.permissions import admit, need_of
from apps.core.auth import NotWhileImpersonating, Principal
from apps.core.tenancy import PLATFORM, no_tenant, tenant
from apps.iam.credentials import api, commands, tasks
from apps.iam.credentials.errors import InvalidPassword, LinkIsOver, WrongPassword
from apps.iam.credentials.passwords import check_strength
from apps.iam.credentials.tests.conftest import PASSWORD
from apps.iam.oidc import throttle
from apps.iam.sessions.tests.factories import SessionFactory
from apps.iam.users import commands as users
from apps.iam.users import queries as people

pytestmark = pytest.mark.django_db
NEW = "nine green umbrellas"


@pytest.fixture
def change(ada, outbox):
    def call(password=NEW, current=PASSWORD, is_proven=False, session_id=None):
        commands.change_password(
            user_id=ada.id,
            password=password,
            current=current,
            is_proven=is_proven,
            session_id=session_id,
            now=timezone.now(),
        )

    return call


@pytest.fixture
def link(ada, last_link):
    """Asks for a new password of Ada's and gives the token of the link."""

    def call():
        commands.request_password_reset(email=ada.email, now=timezone.now())
        return last_link().rpartition("/")[2]

    return call


class TestStrength:
    def test_takes_a_long_one_that_is_nobodys(self, ada):
        check_strength(PASSWORD, user=ada)

    @pytest.mark.parametrize(
        ("password", "reason"),
        [
            ("short one", "too short"),
            ("918273645501", "entirely numeric"),
            ("qwertyuiop123", "too common"),
            ("ada@mail.example", "too similar to the e-mail address"),
            ("Ada Lovelace 1", "too similar to the name"),
            ("x" * 1025, "at most 1024"),
        ],
    )
    def test_refuses_others_and_says_why(self, ada, password, reason):
        with pytest.raises(InvalidPassword) as refused:
            check_strength(password, user=ada)

        assert reason in str(refused.value)

    def test_refuses_the_name_of_the_company(self, company, ada):
        type(company).objects.filter(id=company.id).update(name="Wonderful Teapots")

        with pytest.raises(InvalidPassword, match="company"):
            check_strength("wonderfulteapots", user=ada)

    def test_takes_any_for_somebody_who_is_not_known_yet(self, db):
        check_strength(PASSWORD, user=None)


class TestChange:
    def test_makes_the_new_one_good_and_tells_of_it_by_mail_and_once_in_the_log(self, change, ada, outbox, recorded):
        change()

        user = people.user(ada.id)
        assert user.check_password(NEW)
        assert [(template, recipient) for template, recipient, _ in outbox()] == [("password_changed", ada.email)]
        assert [kind for kind, subject, _ in recorded() if subject == ada.id] == ["password.changed"]

    @pytest.mark.parametrize("current", [None, "", "another one"])
    def test_asks_for_the_present_one(self, change, ada, current):
        with pytest.raises(WrongPassword) as refused:
            change(current=current)

        assert list(refused.value.errors) == ["current_password"]
        assert people.user(ada.id).check_password(PASSWORD)

    def test_does_without_it_after_a_recent_strong_sign_in(self, change, ada):
        change(current=None, is_proven=True)

        assert people.user(ada.id).check_password(NEW)

    def test_refuses_a_weak_one(self, change, ada):
        with pytest.raises(InvalidPassword):
            change(password="ada lovelace")

        assert people.user(ada.id).check_password(PASSWORD)

    def test_ends_sessions_elsewhere_and_keeps_this_one(self, change, ada, company):
        here, elsewhere = (SessionFactory(user=ada, tenant_id=company.id) for _ in range(2))

        change(session_id=here.id)

        here.refresh_from_db(), elsewhere.refresh_from_db()
        assert here.ended_at is None
        assert elsewhere.end_reason == "password_changed"


class TestRequestReset:
    def test_mails_a_link_and_records_it(self, ada, outbox, recorded, company):
        sent = commands.request_password_reset(email=ada.email.upper(), now=timezone.now())

        ((template, recipient, text),) = outbox()
        assert sent
        assert (template, recipient) == ("password_reset", ada.email)
        assert "/sign-in/reset/lnk_" in text
        assert recorded() == [("password.reset_requested", ada.id, company.id)]

    @pytest.mark.parametrize("who", ["nobody", "suspended", "deleted"])
    def test_mails_nothing_to_nobody_and_to_who_is_shut_out(self, ada, outbox, recorded, by_owner, who):
        if who == "suspended":
            users.suspend_user(user_id=ada.id)
        elif who == "deleted":
            users.delete_user(user_id=ada.id, actor=by_owner, now=timezone.now())

        sent = commands.request_password_reset(
            email="nobody@mail.example" if who == "nobody" else ada.email, now=timezone.now()
        )

        assert not sent
        assert outbox() == []
        assert recorded() == []

    def test_stops_at_the_recipients_limit(self, ada, outbox, settings):
        settings.EMAIL_PER_HOUR = 2

        answers = [commands.request_password_reset(email=ada.email, now=timezone.now()) for _ in range(3)]

        assert answers == [True, True, False]
        assert len(outbox()) == 2


class TestReset:
    def reset(self, token, password=NEW):
        with no_tenant():
            commands.reset_password(token=token, password=password, now=timezone.now())

    def test_sets_the_password_confirms_the_address_and_tells_of_it(self, ada, link, outbox, recorded, company):
        self.reset(link())

        user = people.user(ada.id)
        assert user.check_password(NEW)
        assert user.email_verified
        assert outbox()[-1][0] == "password_changed"
        assert recorded()[1:] == [
            ("email.verified", ada.id, company.id),
            ("password.reset", ada.id, company.id),
        ]

    def test_works_once_and_takes_every_link_like_it_along(self, link):
        first, second = link(), link()
        self.reset(first)

        for token in (first, second):
            with pytest.raises(LinkIsOver):
                self.reset(token)

    def test_works_for_an_hour(self, link, monkeypatch):
        token, asked_at = link(), time.time()
        now = asked_at + 3602
        monkeypatch.setattr(signing, "time", SimpleNamespace(time=lambda: now))

        with pytest.raises(LinkIsOver):
            self.reset(token)
        now = asked_at + 3590
        self.reset(token)

    @pytest.mark.parametrize("change", ["password", "address", "suspension", "deletion"])
    def test_is_over_when_the_person_is_no_longer_what_they_were(self, ada, link, by_owner, change):
        token, now = link(), timezone.now()
        {
            "password": lambda: users.set_password(user_id=ada.id, password=NEW),
            "address": lambda: users.change_email(user_id=ada.id, email="countess@mail.example", now=now),
            "suspension": lambda: users.suspend_user(user_id=ada.id),
            "deletion": lambda: users.delete_user(user_id=ada.id, actor=by_owner, now=now),
        }[change]()

        with pytest.raises(LinkIsOver):
            self.reset(token)

    def test_ends_every_session_and_lifts_the_lock(
        self, ada, link, company, settings, django_capture_on_commit_callbacks
    ):
        settings.SIGN_IN_FAILURES = 1
        stranger = SimpleNamespace(META={"REMOTE_ADDR": "192.0.2.1"}, COOKIES={}, method="POST")
        throttle.count_failure(stranger, ada.email)
        session = SessionFactory(user=ada, tenant_id=company.id)
        token = link()

        with django_capture_on_commit_callbacks(execute=True):
            self.reset(token)

        session.refresh_from_db()
        assert session.ended_at is not None
        assert throttle.lock_of(ada.email) is None

    def test_refuses_a_weak_password_and_uses_nothing_up(self, link):
        token = link()

        with pytest.raises(InvalidPassword):
            self.reset(token, password="ada lovelace")
        self.reset(token)

    @pytest.mark.parametrize("token", ["", "lnk_", "lnk_a:b:c", "nonsense", "lnk_\x00", "lnk_" + "é" * 9])
    def test_takes_no_token_that_is_none_of_ours(self, db, token):
        with pytest.raises(LinkIsOver):
            self.reset(token)

    def test_takes_no_token_that_was_made_for_something_else(self, ada, outbox, last_link):
        commands.request_verification(user_id=ada.id, now=timezone.now())

        with pytest.raises(LinkIsOver):
            self.reset(last_link().rpartition("/")[2])

    def test_of_somebody_in_two_companies_is_told_to_the_platform(self, ada, link, recorded, other_company, member):
        with tenant(other_company.id):
            member(user=ada)

        self.reset(link())

        assert recorded()[-1] == ("password.reset", ada.id, PLATFORM)


@pytest.mark.django_db(transaction=True)
def test_two_who_follow_a_link_at_once_are_one(company, ada, outbox, last_link):
    commands.request_password_reset(email=ada.email, now=timezone.now())
    token, together, outcomes = last_link().rpartition("/")[2], Barrier(2), []

    def follow(password):
        together.wait()
        try:
            commands.reset_password(token=token, password=password, now=timezone.now())
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
    assert len(outcomes) == 2
    assert people.user(ada.id).check_password(winner)


class TestForgottenPage:
    def ask(self, email, **extra):
        return Client(**extra).post("/sign-in/forgotten/", {"email": email})

    @pytest.fixture
    def asked(self, outbox, monkeypatch):
        """What the worker was asked for."""
        asked = []
        monkeypatch.setattr(tasks.request_password_reset, "apply_async", lambda kwargs, **_: asked.append(kwargs))
        return asked

    def test_answers_the_same_and_does_the_same_for_every_address(self, ada, asked, django_assert_num_queries):
        answers = []
        for email in (ada.email, "eda@mail.example"):
            with django_assert_num_queries(0):
                answers.append(self.ask(email))

        texts = [
            answer.content.decode().replace(email, "?")
            for answer, email in zip(answers, (ada.email, "eda@mail.example"), strict=True)
        ]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert texts[0] == texts[1]
        assert [one["email"] for one in asked] == [ada.email, "eda@mail.example"]

    def test_is_limited_for_each_address_whatever_is_asked_for(self, ada, asked, settings):
        settings.PASSWORD_RESETS_PER_ADDRESS = "2/1h"

        statuses = [self.ask(email).status_code for email in (ada.email, "b@mail.example", "c@mail.example")]
        elsewhere = self.ask(ada.email, REMOTE_ADDR="192.0.2.9").status_code

        assert (statuses, elsewhere) == ([200, 200, 429], 200)

    def test_says_that_no_mail_is_sent(self, db, settings):
        settings.EMAIL_URL = ""

        assert "sends no mail" in Client().get("/sign-in/forgotten/").content.decode()
        assert "sends no mail" in self.ask("ada@mail.example").content.decode()

    def test_asks_to_try_again_while_the_broker_is_away(self, outbox, monkeypatch):
        def refuse(**options):
            raise OperationalError("no broker")

        monkeypatch.setattr(tasks.request_password_reset, "apply_async", refuse)

        answer = self.ask("ada@mail.example")

        assert (answer.status_code, "try again in a moment" in answer.content.decode()) == (503, True)

    def test_shows_what_is_no_address(self, db, outbox):
        assert self.ask("nobody").status_code == 422

    def test_leads_to_a_new_password_with_which_one_signs_in(self, ada, outbox, last_link):
        tasks.request_password_reset(email=ada.email, address="192.0.2.1", user_agent="x", later="argument")
        browser, link = Client(), last_link()

        shown = browser.get(link)
        refused = browser.post(link, {"password": "ada lovelace", "repeated": "ada lovelace"})
        done = browser.post(link, {"password": NEW, "repeated": NEW})
        signed_in = browser.post("/sign-in/", {"email": ada.email, "password": NEW})

        assert ada.email in shown.content.decode()
        assert (refused.status_code, "too similar" in refused.content.decode()) == (422, True)
        assert "Your password is changed" in done.content.decode()
        assert signed_in.status_code == 302

    def test_is_linked_from_the_sign_in_page(self, db):
        assert 'href="/sign-in/forgotten/"' in Client().get("/sign-in/").content.decode()

    def test_leads_nowhere_with_a_link_that_is_over(self, db):
        answer = Client().get("/sign-in/reset/lnk_nonsense")

        assert (answer.status_code, "no longer works" in answer.content.decode()) == (404, True)


class TestApi:
    @pytest.fixture
    def api_of(self, ada, company):
        from tests.callers import Caller, JsonClient

        def client(**claims):
            token = Caller(ada.id, company.id, "", ada.email).token(**claims)
            return JsonClient(headers={"authorization": f"Bearer {token}", "accept": "application/json"})

        return client

    def post(self, client, **body):
        return client.post("/api/v1/me/password", body)

    def test_changes_it(self, api_of, ada, outbox):
        answer = self.post(api_of(), current_password=PASSWORD, password=NEW)

        assert answer.status_code == 204
        assert people.user(ada.id).check_password(NEW)

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"current_password": "wrong", "password": NEW}, "current_password"),
            ({"password": NEW}, "current_password"),
            ({"current_password": PASSWORD, "password": "short"}, "password"),
        ],
    )
    def test_says_what_is_wrong(self, api_of, outbox, body, field):
        answer = self.post(api_of(), **body)

        assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])

    @pytest.mark.parametrize(("acr", "age_s", "status"), [("aal2", 10, 204), ("aal2", 400, 422), ("aal1", 10, 422)])
    def test_does_without_the_present_one_for_a_while_after_two_factors(self, api_of, outbox, acr, age_s, status):
        client = api_of(acr=acr, auth_time=int(timezone.now().timestamp()) - age_s)

        assert self.post(client, password=NEW).status_code == status

    def test_is_no_place_to_guess_at(self, api_of, settings, outbox, recorded):
        settings.SIGN_IN_FAILURES = 2

        statuses = [
            self.post(api_of(), current_password=guess, password=NEW).status_code for guess in ("a", "b", PASSWORD)
        ]

        assert statuses == [422, 422, 429]
        assert [kind for kind, _, _ in recorded()] == ["sign_in.failed", "sign_in.failed", "sign_in.locked_out"]

    @pytest.mark.parametrize("view", [api.MyPassword, api.MyEmailChange, api.MyEmailVerification])
    def test_is_not_for_who_acts_in_anothers_name(self, view):
        impersonated = Principal(
            subject=uuid4(), kind="user", tenant_id=uuid4(), permissions=frozenset(), impersonator_id=uuid4()
        )

        with pytest.raises(NotWhileImpersonating):
            admit(impersonated, need_of(view.required_permission, "POST"))

    def test_keeps_passwords_out_of_every_event(self, api_of, published, outbox):
        self.post(api_of(), current_password="a wrong guess", password=NEW)
        self.post(api_of(), current_password=PASSWORD, password=NEW)

        assert not any(secret in repr(published) for secret in ("a wrong guess", PASSWORD, NEW))


class TestSecurityPage:
    @pytest.fixture
    def browser(self, ada, company):
        from tests.callers import Caller

        token = Caller(ada.id, company.id, "", ada.email).token()
        return Client(headers={"authorization": f"Bearer {token}", "accept": "text/html"})

    def test_changes_the_password(self, browser, ada, outbox):
        form = {"current_password": PASSWORD, "password": NEW, "repeated": NEW}

        shown = browser.get("/account/security/")
        done = browser.post("/account/security/", form)

        assert "Present password" in shown.content.decode()
        assert (done.status_code, done.url) == (302, "/account/security/")
        assert people.user(ada.id).check_password(NEW)

    def test_shows_what_is_wrong_beside_the_field(self, browser, outbox):
        form = {"current_password": "wrong", "password": NEW, "repeated": NEW}

        answer = browser.post("/account/security/", form)

        assert answer.status_code == 422
        assert answer.context["form"].errors["current_password"] == ["is another one"]

    def test_sends_strangers_to_sign_in(self, db):
        assert Client().get("/account/security/").url.startswith("/auth/login")
