from __future__ import annotations

import io

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from apps.business.orders import commands, queries
from apps.business.orders.commands import noting
from apps.business.orders.errors import InvalidNote, NoteNotFound, OrderNotFound
from apps.business.orders.models import OrderNote
from apps.business.orders.notes import notes_of_order
from apps.business.orders.tests.factories import ADA, place
from apps.core.db.ids import uuid7
from apps.core.files import files
from apps.core.files.errors import FileRefused
from apps.core.files.models import StoredFile
from apps.core.files.testing import image
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant", "file_folder")]


def note(order, text="", *contents):
    attached = [commands.Attached(name, io.BytesIO(content)) for name, content in contents]
    return commands.add_note(order_id=order.id, text=text, attached=attached, actor=ADA, now=timezone.now())


class TestAddNote:
    def test_keeps_what_was_written_by_whom_and_the_files_the_latest_first(self):
        order = place()
        note(order, "arrived wet", ("wet.png", image()), ("list.txt", b"one cup"))
        note(order, "  told the carrier  ")

        later, first = notes_of_order(order.id)

        assert (later.text, later.files) == ("told the carrier", [])
        assert (first.text, first.author_name) == ("arrived wet", "Ada")
        assert [(file.name, file.content_type) for file in first.files] == [
            ("wet.png", "image/png"),
            ("list.txt", "text/plain"),
        ]

    def test_reads_notes_in_three_statements_however_many(self, django_assert_num_queries):
        order = place()
        for _ in range(3):
            note(order, "x", ("a.txt", b"a"))

        with django_assert_num_queries(3, using="business"):
            notes_of_order(order.id)

    def test_is_refused_where_it_says_nothing_or_too_much_and_keeps_nothing(self, monkeypatch):
        order = place()
        monkeypatch.setattr(noting, "MOST_NOTES", 1)

        for text, contents in (("  ", []), ("x" * 2001, []), ("x", [("a.txt", b"a")] * 6)):
            with pytest.raises(InvalidNote):
                note(order, text, *contents)
        with pytest.raises(FileRefused):
            note(order, "", ("virus.exe", b"MZ\x90\x00"))
        note(order, "one")
        with pytest.raises(InvalidNote):
            note(order, "another")
        assert (OrderNote.objects.count(), StoredFile.objects.using("business").count()) == (1, 0)

    def test_finds_no_order_of_another_tenant(self, other_tenant_id):
        order = place()

        with tenant(other_tenant_id), pytest.raises(OrderNotFound):
            note(order, "x")


class TestRemoveNote:
    def test_drops_its_files(self, file_folder, django_capture_on_commit_callbacks):
        order = place()
        written = note(order, "wrong", ("a.txt", b"a"))

        with django_capture_on_commit_callbacks(using="business", execute=True):
            commands.remove_note(order_id=order.id, note_id=written.id, actor=ADA)

        assert notes_of_order(order.id) == []
        assert list(file_folder.glob("business/*/*")) == []

    def test_finds_only_notes_of_the_order(self):
        written = note(place(), "x")

        for order_id, note_id in ((place().id, written.id), (written.order_id, uuid7())):
            with pytest.raises(NoteNotFound):
                commands.remove_note(order_id=order_id, note_id=note_id, actor=ADA)


class TestByHttp:
    def test_is_written_read_downloaded_and_taken_away(self, api_client):
        order, client = place(), api_client("clerk")
        path = f"/api/v1/orders/{order.id}/notes"
        sent = {"text": "wet", "files": [SimpleUploadedFile("wet.png", image()), SimpleUploadedFile("b.txt", b"b")]}

        made = client.generic("POST", path, encode_multipart(BOUNDARY, sent), content_type=MULTIPART_CONTENT)
        written = made.json()["data"]
        (listed,) = api_client("viewer").get(path).json()["data"]
        content = b"".join(client.get(written["files"][0]["url"]).streaming_content)

        assert (made.status_code, listed["id"], content) == (201, written["id"], image())
        assert api_client("viewer").delete(f"{path}/{written['id']}").status_code == 403
        assert client.delete(f"{path}/{written['id']}").status_code == 204
        assert client.get(path).json()["data"] == []

    def test_is_not_found_by_another_company(self, api_client, other_tenant_id):
        order = place()
        written = note(order, "x")
        stranger = api_client("owner", tenant_id=other_tenant_id)

        assert stranger.get(f"/api/v1/orders/{order.id}/notes").status_code == 404
        assert stranger.delete(f"/api/v1/orders/{order.id}/notes/{written.id}").status_code == 404

    def test_is_written_and_taken_away_on_the_orders_page(self, browser):
        order, page = place(), browser("clerk")
        sent = {"text": "told the carrier", "files": [SimpleUploadedFile("wet.png", image())]}

        page.post(f"/orders/{order.id}/notes", sent)
        shown = page.get(f"/orders/{order.id}/").content.decode()
        (written,) = queries.notes_of_order(order.id)
        page.post(f"/orders/{order.id}/notes/{written.id}/removal")

        assert "told the carrier" in shown
        assert "wet.png" in shown
        assert queries.notes_of_order(order.id) == []
        assert "Notes and files" not in browser("viewer").get(f"/orders/{order.id}/").content.decode()

    def test_says_on_the_page_what_is_wrong(self, browser):
        order, page = place(), browser("clerk")

        answer = page.post(f"/orders/{order.id}/notes", {"text": ""})

        assert [str(message) for message in get_messages(answer.wsgi_request)] == ["write something, or attach a file"]
        assert files([], using="business") == {}
