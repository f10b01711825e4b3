"""Guessing is slowed down and told of; whoever knows their password is not kept out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from django.test import RequestFactory
from django.utils import timezone

from apps.core.mail.models import OutgoingMessage
from apps.core.tenancy import PLATFORM
from apps.iam.audit.events import SecurityEventRecorded
from apps.iam.oidc import tasks, throttle
from apps.iam.oidc.tests import identity
from apps.iam.oidc.tests.identity import Browser
from apps.iam.users import queries as users

pytestmark = pytest.mark.django_db
START = "/auth/login"
NOBODY = "nobody@acme.example"


@pytest.fixture(autouse=True)
def _few_failures(settings: Any) -> None:
    settings.SIGN_IN_FAILURES, settings.SIGN_IN_FAILURES_PER_EMAIL = 3, 6
    settings.EMAIL_URL = "outbox:"


@pytest.fixture
def told(monkeypatch: Any) -> list[dict[str, Any]]:
    """What the task that tells people of locks was asked for."""
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks.tell_of_lock, "apply_async", lambda kwargs, **_: asked.append(kwargs))
    return asked


@pytest.fixture
def recorded(published: Any) -> Any:
    """The security events of this test as (kind, subject, tenant)."""
    return lambda: [
        (envelope.event().kind, envelope.event().subject_id, envelope.metadata.tenant_id)
        for envelope in published.envelopes()
        if isinstance(envelope.event(), SecurityEventRecorded)
    ]


def fail(browser: Browser, email: str, times: int = 1) -> Any:
    answers = [browser.enter_password(START, email, "wrong") for _ in range(times)]
    return answers[-1]


def from_address(address: str) -> Browser:
    return Browser(REMOTE_ADDR=address)


class TestLock:
    def test_begins_at_the_limit_and_holds_longer_after_each_further_failure(self, mia: Any) -> None:
        browser, waits = Browser(), []
        for _ in range(3):
            fail(browser, mia.email, 3 if not waits else 1)
            refused = browser.enter_password(START, mia.email)
            waits.append(int(refused["Retry-After"]))
            _let_pass()

        assert refused.status_code == 429
        assert [abs(wait - expected) <= 2 for wait, expected in zip(waits, (60, 120, 240), strict=True)] == [True] * 3

    def test_is_the_same_for_an_account_that_does_not_exist(self, mia: Any) -> None:
        known, unknown = from_address("192.0.2.1"), from_address("192.0.2.2")

        answers = [
            [(r.status_code, r.context["form"].non_field_errors()) for _ in range(5) if (r := fail(browser, email))]
            for browser, email in ((known, mia.email), (unknown, NOBODY))
        ]

        assert answers[0] == answers[1]
        assert [status for status, _ in answers[0]] == [422, 422, 422, 429, 429]

    def test_from_everywhere_spares_a_device_that_has_signed_in_before(self, mia: Any) -> None:
        own = Browser()
        own.enter_password(START, mia.email)
        for number in range(6):
            fail(from_address(f"192.0.2.{number}"), mia.email)

        stranger = from_address("192.0.2.99").enter_password(START, mia.email)

        assert stranger.status_code == 429
        assert own.enter_password(START, mia.email).status_code == 302

    def test_from_one_address_spares_a_known_device_behind_it(self, mia: Any) -> None:
        own = Browser()
        own.enter_password(START, mia.email)
        fail(Browser(), mia.email, 3)

        assert Browser().enter_password(START, mia.email).status_code == 429
        assert own.enter_password(START, mia.email).status_code == 302

    def test_meets_a_known_device_that_guesses_itself(self, mia: Any) -> None:
        own = Browser()
        own.enter_password(START, mia.email)

        assert fail(own, mia.email, 4).status_code == 429

    def test_is_not_escaped_with_the_cookie_of_another_account_or_a_made_up_one(self, mia: Any, acme: Any) -> None:
        eve = identity.member_of(acme, "eve@acme.example")
        browser = Browser()
        browser.enter_password(START, eve.email)
        fail(browser, mia.email, 3)
        forged = Browser()
        forged.cookies["device"] = "WyJhIixbImIiXV0:1:forged"

        assert browser.enter_password(START, mia.email).status_code == 429
        assert forged.enter_password(START, mia.email).status_code == 429

    def test_ends_with_a_success_from_the_same_place(self, mia: Any) -> None:
        browser = Browser()
        fail(browser, mia.email, 2)
        browser.enter_password(START, mia.email)

        assert fail(Browser(), mia.email, 2).status_code == 422

    def test_lets_a_right_password_through_although_it_is_the_last_attempt_allowed(self, mia: Any) -> None:
        browser = Browser()
        fail(browser, mia.email, 2)

        assert browser.enter_password(START, mia.email).status_code == 302
        assert throttle.lock_of(mia.email) is None

    def test_can_be_seen_and_lifted(self, mia: Any) -> None:
        fail(Browser(), mia.email, 3)
        before = throttle.lock_of(mia.email.upper())

        throttle.lift(mia.email)
        throttle.lift(mia.email)

        assert before is not None
        assert timedelta(0) < before.until - timezone.now() <= timedelta(minutes=1)
        assert throttle.lock_of(mia.email) is None
        assert Browser().enter_password(START, mia.email).status_code == 302

    def test_of_another_account_stays_when_one_is_lifted(self, mia: Any) -> None:
        fail(Browser(), NOBODY, 3)

        throttle.lift(mia.email)

        assert throttle.lock_of(NOBODY) is not None


def at_once(number: int, do: Callable[[Barrier], Any]) -> list[Any]:
    """What each of so many threads returns; the barrier holds them until all are there."""
    barrier = Barrier(number, timeout=30)

    def run(_: int) -> Any:
        try:
            return do(barrier)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


class TestManyAtOnce:
    def test_are_no_more_than_the_limit_and_begin_one_lock(self) -> None:
        request = RequestFactory().post("/sign-in/", REMOTE_ADDR="192.0.2.1")

        def guess(all_are_there: Barrier) -> tuple[bool, bool]:
            attempt = throttle.begin(request, NOBODY)
            all_are_there.wait()  # none has failed yet
            return not attempt.wait_s, not attempt.wait_s and throttle.fail(attempt) is not None

        guesses = at_once(12, guess)

        assert sum(allowed for allowed, _ in guesses) == 3
        assert sum(locked for _, locked in guesses) == 1

    @pytest.mark.django_db(transaction=True)
    def test_guess_no_more_often_at_the_page(self, mia: Any) -> None:
        def guess(all_are_there: Barrier) -> int:
            browser = Browser()
            all_are_there.wait()
            return int(fail(browser, mia.email).status_code)

        assert sorted(at_once(8, guess)) == [422] * 3 + [429] * 5

    def test_from_one_address_are_no_more_than_it_may_get_wrong(self, settings: Any) -> None:
        settings.SIGN_IN_FAILURES_PER_ADDRESS = "4/1h"
        request = RequestFactory().post("/sign-in/", REMOTE_ADDR="192.0.2.1")

        def guess(all_are_there: Barrier) -> bool:
            number = all_are_there.wait()
            attempt = throttle.begin(request, f"guess{number}@acme.example")
            all_are_there.wait()
            return not attempt.wait_s

        assert sum(at_once(8, guess)) == 4

    def test_that_are_right_are_as_if_they_had_not_been(self) -> None:
        request = RequestFactory().post("/sign-in/", REMOTE_ADDR="192.0.2.1")
        for _ in range(10):
            attempt = throttle.begin(request, NOBODY)
            throttle.withdraw(attempt)
            throttle.withdraw(attempt)

        assert [throttle.begin(request, NOBODY).wait_s for _ in range(3)] == [0, 0, 0]


class TestStaffOnly:
    """A right password that opens no admin is no guess."""

    def test_is_recorded_and_locks_nobody_out(self, mia: Any, recorded: Any) -> None:
        statuses = [Browser().enter_password("/admin/", mia.email).status_code for _ in range(5)]

        assert statuses == [403] * 5
        assert recorded() == [("sign_in.failed", mia.id, mia.tenant_id)] * 5
        assert Browser().enter_password(START, mia.email).status_code == 302


class TestTheLog:
    def test_has_one_record_of_each_sign_in_in_the_tenant_that_it_leads_to(self, mia: Any, recorded: Any) -> None:
        Browser().enter_password(START, mia.email)

        assert recorded() == [("sign_in.succeeded", mia.id, mia.tenant_id)]

    def test_has_it_in_the_platforms_log_while_the_tenant_is_still_to_be_chosen(self, mia: Any, recorded: Any) -> None:
        identity.member_of(identity.company("globex"), mia.email)

        Browser().enter_password(START, mia.email)

        assert recorded() == [("sign_in.succeeded", mia.id, PLATFORM)]

    def test_has_one_record_of_each_failure_and_one_of_the_lock(self, mia: Any, recorded: Any, told: Any) -> None:
        fail(Browser(), mia.email, 5)

        assert recorded() == [
            *[("sign_in.failed", mia.id, mia.tenant_id)] * 3,
            ("sign_in.locked_out", mia.id, mia.tenant_id),
        ]

    def test_names_nobody_and_no_address_for_an_unknown_account(self, mia: Any, published: Any, recorded: Any) -> None:
        fail(Browser(), NOBODY, 2)

        kinds = recorded()
        assert [(kind, tenant) for kind, _, tenant in kinds] == [("sign_in.failed", PLATFORM)] * 2
        assert len({subject for _, subject, _ in kinds}) == 1
        assert isinstance(kinds[0][1], UUID)
        assert NOBODY not in repr(published)
        assert "wrong" not in repr(published)


class TestMail:
    def test_tells_of_a_lock_once_a_day(self, mia: Any, told: Any, django_capture_on_commit_callbacks: Any) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            for number in range(3):
                fail(from_address(f"192.0.2.{number}"), mia.email, 3)
            fail(from_address("192.0.2.77"), NOBODY, 3)

        assert [(one["email"], one["address"]) for one in told] == [
            (mia.email, "192.0.2.0"),
            (NOBODY, "192.0.2.77"),
        ]

    def test_about_a_lock_goes_to_people_only(self, mia: Any) -> None:
        for email in (mia.email, NOBODY):
            tasks.tell_of_lock(email=email, address="192.0.2.1")

        assert list(OutgoingMessage.objects.values_list("template", "recipient")) == [("locked_out", mia.email)]

    def test_tells_of_a_new_device_but_not_of_the_first_nor_of_a_known_one(self, mia: Any) -> None:
        first = Browser()
        first.enter_password(START, mia.email)
        first.enter_password(START, mia.email)
        before = OutgoingMessage.objects.count()

        Browser().enter_password(START, mia.email)

        assert before == 0
        assert list(OutgoingMessage.objects.values_list("template", "recipient")) == [("new_device", mia.email)]

    def test_about_new_devices_can_be_turned_off(self, mia: Any) -> None:
        Browser().enter_password(START, mia.email)
        type(users.user(mia.id)).objects.filter(id=mia.id).update(sign_in_alerts=False)

        Browser().enter_password(START, mia.email)

        assert not OutgoingMessage.objects.exists()


def _let_pass() -> None:
    """Let the lock's time be over, without waiting for it."""
    store = throttle._store()
    store.delete_many(store.keys("sign-in.lock.*"))
