"""The outbox of development."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from apps.core import mail
from apps.core.db.ids import uuid7
from apps.core.mail.models import OutgoingMessage

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _development(settings):
    settings.ENVIRONMENT, settings.EMAIL_URL = "development", "outbox:"


@pytest.fixture
def message_id(settings, tmp_path):
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail/hello.txt").write_text("Hello {{ name }}\n\nhttps://platform.example/link")
    (tmp_path / "mail/hello.html").write_text('<base target="_blank"><script>alert(1)</script><b>{{ name }}</b>')
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [*engine["DIRS"], tmp_path]}]
    return mail.send(template="hello", to="ada@mail.example", context={"name": "Ada"}, now=timezone.now())


class TestOutbox:
    def test_says_what_it_is_for_while_it_is_empty(self):
        assert b"No mail yet" in Client().get("/mail/").content

    def test_lists_messages_and_shows_one_as_text_with_links(self, message_id):
        listed = Client().get("/mail/")
        shown = Client().get(f"/mail/{message_id}/")

        assert f'href="/mail/{message_id}/"' in listed.content.decode()
        assert "Hello Ada" in listed.content.decode()
        assert 'href="https://platform.example/link"' in shown.content.decode()
        assert shown["Cache-Control"] == "private, no-store"

    def test_shows_html_in_a_frame_that_can_do_nothing(self, message_id):
        response = Client().get(f"/mail/{message_id}/html")

        around = Client().get(f"/mail/{message_id}/")["Content-Security-Policy"]
        assert "frame-src 'self'" in around
        policy = response["Content-Security-Policy"]
        assert b"<b>Ada</b>" in response.content
        assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
        assert "script-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert response["X-Frame-Options"] == "SAMEORIGIN"

    def test_says_that_a_text_is_gone(self, message_id):
        OutgoingMessage.objects.update(sealed_body=None)

        assert b"was dropped" in Client().get(f"/mail/{message_id}/").content
        assert Client().get(f"/mail/{message_id}/html").status_code == 404

    def test_knows_no_other_messages(self):
        assert Client().get(f"/mail/{uuid7()}/").status_code == 404

    @pytest.mark.parametrize(
        ("environment", "url"), [("production", "outbox:"), ("development", "smtp://relay"), ("development", "")]
    )
    def test_is_not_there_outside_development_nor_beside_a_mail_server(self, message_id, settings, environment, url):
        settings.ENVIRONMENT, settings.EMAIL_URL = environment, url

        for path in ("/mail/", f"/mail/{message_id}/", f"/mail/{message_id}/html"):
            assert Client().get(path).status_code == 404
