"""Outgoing mail in the admin, for platform staff: what became of it, and another try. Never what it says."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from apps.core import mail
from apps.core.mail.models import OutgoingMessage

pytestmark = pytest.mark.django_db
LIST = "/admin/mail/outgoingmessage/"
SECRET = "lnk_secret-of-the-link"


def person(**fields: Any) -> Any:
    somebody = get_user_model()(email="sam@mail.example", email_key="sam@mail.example", name="Sam", **fields)
    somebody.save()
    return somebody


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(person(is_platform_staff=True))
    return client


@pytest.fixture
def message(settings: Any, tmp_path: Any) -> OutgoingMessage:
    """A message with a link that opens an account."""
    (tmp_path / "mail").mkdir()
    for kind in ("txt", "html"):
        (tmp_path / f"mail/hello.{kind}").write_text("Hello\n\n{{ url }}")
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES, settings.EMAIL_URL = [{**engine, "DIRS": [*engine["DIRS"], tmp_path]}], "outbox:"
    context = {"url": f"https://platform.example/{SECRET}"}
    made = mail.send(template="hello", to="ada@mail.example", context=context, now=timezone.now())
    return OutgoingMessage.objects.get(id=made)


def page(message: OutgoingMessage, what: str = "change") -> str:
    return f"{LIST}{message.id}/{what}/"


class TestOutgoingMessageAdmin:
    def test_lists_messages_and_tells_what_became_of_one(self, admin: Client, message: OutgoingMessage) -> None:
        listed, shown = admin.get(LIST).content.decode(), admin.get(page(message)).content.decode()

        assert "ada@mail.example" in listed
        assert "ada@mail.example" in shown
        assert message.message_id.strip("<>") in shown

    def test_never_shows_the_text_nor_what_it_is_sealed_as(self, admin: Client, message: OutgoingMessage) -> None:
        shown = admin.get(LIST).content + admin.get(page(message)).content

        assert SECRET.encode() not in shown
        assert b"sealed_body" not in shown
        assert bytes(message.sealed_body).hex().encode() not in shown

    def test_changes_nothing_by_hand(self, admin: Client, message: OutgoingMessage) -> None:
        changed = admin.post(page(message), {"recipient": "eve@mail.example", "state": "queued"})
        added, deleted = admin.get(f"{LIST}add/"), admin.post(page(message, "delete"), {"post": "yes"})

        message.refresh_from_db()
        assert (changed.status_code, added.status_code, deleted.status_code) == (403, 403, 403)
        assert message.recipient == "ada@mail.example"

    def test_sends_again_what_was_given_up(self, admin: Client, message: OutgoingMessage) -> None:
        OutgoingMessage.objects.update(state=OutgoingMessage.State.FAILED, attempts=10)

        admin.post(LIST, {"action": "send_again", "_selected_action": [str(message.id)]})

        message.refresh_from_db()
        assert (message.state, message.recipient) == ("queued", "ada@mail.example")

    def test_is_closed_to_everybody_else(self, message: OutgoingMessage) -> None:
        client = Client()
        client.force_login(person())

        assert {client.get(path).status_code for path in (LIST, page(message))} == {302}
