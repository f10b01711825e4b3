"""The console's pages about exports."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.iam.exports import commands
from apps.iam.exports.models import Export

pytestmark = pytest.mark.django_db


def make():
    commands.make_export(export_id=Export.objects.latest("requested_at").id, now=timezone.now())


class TestExports:
    def test_begin_show_how_far_they_are_and_are_fetched(self, browser_of, owner):
        browser = browser_of(owner)
        assert "Nothing was exported yet" in browser.get("/exports/").content.decode()

        assert browser.post("/exports/company")["Location"] == "/exports/"
        assert "every 3s" in browser.get("/exports/").content.decode()
        make()
        page = browser.get("/exports/").content.decode()

        assert "every 3s" not in page
        path = f"/exports/{Export.objects.get().id}/file"
        assert path in page
        assert browser.get(path)["Content-Type"] == "application/zip"

    def test_of_a_person_are_begun_on_their_page(self, browser_of, owner, member):
        zoe, browser = member("clerk", name="Zoë Blum"), browser_of(owner)
        assert f"/people/{zoe.user_id}/export" in browser.get(f"/people/{zoe.user_id}/").content.decode()

        assert browser.post(f"/people/{zoe.user_id}/export")["Location"] == "/exports/"
        assert "Everything about Zoë Blum" in browser.get("/exports/").content.decode()

    def test_say_when_a_file_is_not_there(self, browser_of, owner):
        browser = browser_of(owner)
        browser.post("/exports/company")

        response = browser.get(f"/exports/{Export.objects.get().id}/file")

        assert (response.status_code, response["Location"]) == (302, "/exports/")


class TestOwnData:
    def test_are_gathered_by_anybody(self, browser_of, owner, member):
        vic = member("viewer")
        browser = browser_of(vic)

        assert browser.get("/account/data/").status_code == 200
        assert browser.post("/account/data/")["Location"] == "/account/data/"
        make()

        assert f"Everything about {vic.user.name}" in browser.get("/account/data/").content.decode()
