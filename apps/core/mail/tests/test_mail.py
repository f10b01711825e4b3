"""From a command's transaction to the recipient's server."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import redis
from django.db import connection, transaction
from django.template import TemplateDoesNotExist
from django.utils import timezone

from apps.core import mail
from apps.core.crypto.sealing import Unreadable
from apps.core.mail import checks, delivery, queries, tasks, transport
from apps.core.mail.dependencies import MAIL_SERVER
from apps.core.mail.models import OutgoingMessage
from apps.core.mail.rendering import rendered
from apps.core.mail.tests import server
from apps.core.resilience.breaker import State as CircuitState

pytestmark = pytest.mark.django_db
LINK = "https://platform.example/sign-in/reset/secret-of-the-link"
State = OutgoingMessage.State


@pytest.fixture(autouse=True)
def _templates(settings, tmp_path):
    folder = tmp_path / "mail"
    folder.mkdir()
    (folder / "hello.txt").write_text(
        '{% extends "mail/_layout.txt" %}{% block subject %}Hello {{ name }}{% endblock %}'
        "{% block text %}Go to {{ url }} & be well.{% endblock %}"
    )
    (folder / "hello.html").write_text(
        '{% extends "mail/_layout.html" %}{% block text %}<a href="{{ url }}">{{ name }}</a>{% endblock %}'
    )
    settings.EMAIL_URL = transport.OUTBOX
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [*engine["DIRS"], tmp_path]}]


@pytest.fixture
def mailbox(settings):
    with server.running() as running:
        settings.EMAIL_URL = running.url
        yield running


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def send(now):
    def call(to="ada@mail.example", name="Ada", at=now, how=mail.send):
        return how(template="hello", to=to, context={"name": name, "url": LINK}, now=at)

    return call


class TestSend:
    def test_leaves_only_after_the_commit(self, send, django_capture_on_commit_callbacks, monkeypatch):
        woken = []
        monkeypatch.setattr(tasks.deliver, "apply_async", lambda **options: woken.append(options["kwargs"]))

        with django_capture_on_commit_callbacks(using="default", execute=True):
            message_id = send()
            before = list(woken)

        assert before == []
        assert woken == [{"message_id": str(message_id)}]

    def test_is_undone_with_the_transaction_around(self, send):
        with pytest.raises(RuntimeError), transaction.atomic(using="default"):
            send()
            raise RuntimeError

        assert not queries.messages().exists()

    def test_goes_on_when_the_broker_is_away(self, send, django_capture_on_commit_callbacks, monkeypatch, now):
        def refuse(**options):
            raise ConnectionError("no broker")

        monkeypatch.setattr(tasks.deliver, "apply_async", refuse)

        with django_capture_on_commit_callbacks(using="default", execute=True):
            message_id = send()

        assert delivery.due(now=now) == [message_id]

    def test_keeps_no_link_readable(self, send):
        send()

        with connection.cursor() as cursor:
            cursor.execute("select mail_message::text, encode(sealed_body, 'escape') from mail_message")
            assert "secret-of-the-link" not in str(cursor.fetchall())

    def test_is_limited_for_each_recipient_and_kind(self, send, settings, now):
        settings.EMAIL_PER_HOUR = 2
        send(), send(to="ADA@mail.example ")

        with pytest.raises(mail.TooManyMessages) as refused:
            send()
        others = send(to="ben@mail.example")
        later = send(at=now + timedelta(hours=1, seconds=1))

        assert 0 < refused.value.retry_after_s <= 3600
        assert queries.messages().count() == 4
        assert {others, later} <= set(queries.messages().values_list("id", flat=True))

    def test_does_nothing_where_mail_is_off(self, send, settings):
        settings.EMAIL_URL = ""

        with pytest.raises(mail.MailIsOff):
            send()
        assert not mail.is_on()

    def test_raises_for_a_template_that_does_not_exist(self, now):
        with pytest.raises(TemplateDoesNotExist):
            mail.send(template="nothing", to="ada@mail.example", context={}, now=now)


class TestNotify:
    def test_is_left_out_at_the_limit_and_where_mail_is_off(self, send, settings):
        settings.EMAIL_PER_HOUR = 1

        answers = [send(how=mail.notify) is None for _ in range(2)]
        settings.EMAIL_URL = ""
        answers.append(send(how=mail.notify) is None)

        assert answers == [False, True, True]


class TestRendered:
    def test_takes_the_first_line_as_subject_and_escapes_html_only(self):
        said = rendered("hello", {"name": "<b>Ada\nBcc: eve@evil.example", "url": LINK})

        assert said.subject == "Hello <b>Ada"
        assert f"Go to {LINK} & be well." in said.text
        assert "<b>Ada" not in said.html
        assert "&lt;b&gt;Ada" in said.html

    def test_keeps_a_long_subject_to_what_can_be_stored(self):
        assert len(rendered("hello", {"name": "x" * 400, "url": LINK}).subject) == 255


class TestDeliver:
    def test_hands_over_both_bodies_and_drops_them(self, send, mailbox, now):
        message_id = send()

        sent = delivery.deliver(message_id=message_id, now=now)

        (received,) = mailbox.received
        stored = queries.message(message_id)
        assert sent
        assert (received["To"], received["Subject"]) == ("ada@mail.example", "Hello Ada")
        assert received["Message-ID"] == stored.message_id
        assert received["Auto-Submitted"] == "auto-generated"
        assert LINK in received.get_body(("plain",)).get_content()
        assert f'href="{LINK}"' in received.get_body(("html",)).get_content()
        assert (stored.state, stored.sealed_body) == (State.SENT, None)
        with pytest.raises(Unreadable):
            delivery.body_of(stored)

    def test_sends_once_however_often_it_runs(self, send, mailbox, now):
        message_id = send()

        answers = [delivery.deliver(message_id=message_id, now=now) for _ in range(3)]

        assert answers == [True, False, False]
        assert len(mailbox.received) == 1

    def test_leaves_alone_what_another_worker_has_claimed(self, send, mailbox, now):
        message_id = send()
        claimed = delivery._claim(message_id, now)

        during = delivery.deliver(message_id=message_id, now=now)

        assert claimed is not None
        assert not during
        assert mailbox.received == []

    def test_takes_over_from_a_worker_that_died_in_the_middle(self, send, mailbox, now):
        message_id = send()
        first = delivery._claim(message_id, now)
        later = now + delivery.LEASE

        due = delivery.due(now=later)
        delivery.deliver(message_id=message_id, now=later)
        delivery._settle(first, State.FAILED)  # it was not dead after all, only slow

        assert due == [message_id]
        assert [received["Message-ID"] for received in mailbox.received] == [first.message_id]
        assert queries.message(message_id).state == State.SENT

    def test_waits_longer_after_each_failure_and_gives_up_in_the_end(self, send, mailbox, now):
        mailbox.answers["RCPT"] = "451 greylisted, come back"
        message_id, at, waits = send(), now, []

        for _ in range(delivery.MAX_ATTEMPTS):
            delivery.deliver(message_id=message_id, now=at)
            stored = queries.message(message_id)
            waits.append(stored.next_attempt_at - at)
            at = stored.next_attempt_at

        assert (stored.state, stored.attempts) == (State.FAILED, delivery.MAX_ATTEMPTS)
        assert "greylisted" in stored.last_error
        assert all(wait >= timedelta(seconds=15) for wait in waits)
        assert waits[6] > waits[0]
        assert delivery.due(now=at + timedelta(days=9)) == []

    @pytest.mark.parametrize("verb", ["RCPT", "DATA"])
    def test_gives_up_at_once_what_will_never_be_taken(self, send, mailbox, now, verb):
        mailbox.answers[verb] = "550 no such mailbox"
        message_id = send()

        delivery.deliver(message_id=message_id, now=now)

        stored = queries.message(message_id)
        assert (stored.state, stored.attempts) == (State.FAILED, 1)
        assert "no such mailbox" in stored.last_error

    def test_tries_again_when_nobody_listens(self, send, settings, now):
        settings.EMAIL_URL = "smtp://127.0.0.1:1"
        message_id = send()

        delivery.deliver(message_id=message_id, now=now)

        stored = queries.message(message_id)
        assert (stored.state, stored.attempts) == (State.QUEUED, 1)
        assert stored.last_error.startswith("ConnectionRefusedError")

    def test_counts_no_attempt_while_the_server_is_left_alone(self, send, mailbox, now, monkeypatch):
        monkeypatch.setattr(MAIL_SERVER, "forced", CircuitState.OPEN)
        message_id = send()

        delivery.deliver(message_id=message_id, now=now)

        stored = queries.message(message_id)
        assert (stored.state, stored.attempts, stored.next_attempt_at > now) == (State.QUEUED, 0, True)
        assert mailbox.received == []

    def test_may_be_started_again_by_hand(self, send, mailbox, now):
        mailbox.answers["DATA"] = "554 looks like spam"
        message_id = send()
        delivery.deliver(message_id=message_id, now=now)
        mailbox.answers.clear()

        again = [delivery.try_again(message_id=message_id, now=now) for _ in range(2)]
        delivery.deliver(message_id=message_id, now=now)

        assert again == [True, False]
        assert len(mailbox.received) == 1

    def test_keeps_the_text_only_in_the_outbox_of_development(self, send, settings, now):
        settings.EMAIL_URL = transport.OUTBOX
        message_id = send()

        delivery.deliver(message_id=message_id, now=now)

        stored = queries.message(message_id)
        assert stored.state == State.SENT
        assert LINK in delivery.body_of(stored).text


class TestTasks:
    def test_sweep_wakes_what_is_due(self, send, monkeypatch, now):
        woken = []
        monkeypatch.setattr(tasks.deliver, "apply_async", lambda **options: woken.append(options["kwargs"]))
        message_id = send()
        send(at=now + timedelta(hours=2))

        tasks.sweep()

        assert woken == [{"message_id": str(message_id)}]

    def test_deliver_runs_as_the_worker_would(self, send, mailbox):
        tasks.deliver(message_id=str(send()), unknown="argument of a later version")
        tasks.deliver(message_id=str(uuid4()))

        assert len(mailbox.received) == 1

    def test_old_messages_are_forgotten(self, send, settings, now):
        send(at=now - timedelta(days=settings.EMAIL_KEPT_DAYS, seconds=1))
        kept = send()

        tasks.forget_old_messages()

        assert [message.id for message in queries.messages()] == [kept]


@pytest.mark.django_db(transaction=True)
def test_a_process_that_is_no_worker_asks_the_workers_broker(send, settings):
    send()

    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as broker:
        (queued,) = broker.lrange("celery:default", 0, -1)
    assert b"mail.deliver" in queued


class TestTransport:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("smtp://relay", transport.Server("relay", 25, "", "", tls=False, starttls=False)),
            ("smtps://u:p%40ss@relay:4650", transport.Server("relay", 4650, "u", "p@ss", tls=True, starttls=False)),
            ("smtp+tls://u@relay", transport.Server("relay", 587, "u", "", tls=False, starttls=True)),
        ],
    )
    def test_reads_the_url(self, url, expected):
        assert transport.server_of(url) == expected

    @pytest.mark.parametrize("url", ["http://relay", "smtp://", "relay:25", "smtp://relay/folder", "smtp://relay:x"])
    def test_refuses_other_urls_before_the_start(self, settings, url):
        settings.EMAIL_URL = url

        (error,) = checks.email_url_is_well_formed(None)

        assert error.id == "mail.E001"

    def test_refuses_the_outbox_outside_development_and_a_sender_without_address(self, settings):
        settings.ENVIRONMENT, settings.EMAIL_URL, settings.EMAIL_FROM = "production", transport.OUTBOX, "Platform"

        found = [*checks.outbox_is_for_development(None), *checks.sender_is_an_address(None)]

        assert [error.id for error in found] == ["mail.E003", "mail.E002"]


class TestRetryDelay:
    def test_doubles_within_its_bounds(self):
        for attempt, whole in [(1, 30), (2, 60), (5, 480), (20, 3600)]:
            assert whole / 2 <= delivery.retry_delay_s(attempt) <= whole
