from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.test import Client, RequestFactory

from apps.core.api.documents import Problem
from apps.core.api.error_pages import error_page
from apps.core.api.pages import form_errors_from, shell
from apps.core.api.tests.callers import TENANT, bearer, token
from apps.core.api.tests.site import NotePermission, write_note
from apps.core.errors import Conflict, Invalid
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db


class TestAnonymous:
    def test_is_sent_to_sign_in_and_back(self, api: Client) -> None:
        response = api.get("/notes/?text=a&cursor=b")

        assert response.status_code == 302
        assert response["Location"] == "/auth/login?next=%2Fnotes%2F%3Ftext%3Da%26cursor%3Db"
        assert response["Cache-Control"] == "no-store"

    def test_htmx_loads_the_whole_sign_in_page(self, api: Client) -> None:
        headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/notes/?text=a"}
        response = api.get("/notes/?part=1", headers=headers)

        assert response.status_code == 401
        assert response["HX-Redirect"] == "/auth/login?next=%2Fnotes%2F%3Ftext%3Da"

    @pytest.mark.parametrize("elsewhere", ["https://evil.example/notes/", "//evil.example", "javascript:alert(1)", ""])
    def test_never_comes_back_to_another_host(self, api: Client, elsewhere: str) -> None:
        response = api.get("/notes/", headers={"HX-Request": "true", "HX-Current-URL": elsewhere})

        assert response["HX-Redirect"] == "/auth/login?next=%2F"

    def test_comes_back_to_the_form_not_to_its_target(self, api: Client) -> None:
        response = api.post("/notes/new", headers={"Referer": "http://testserver/notes/new?a=1"})

        assert response["Location"] == "/auth/login?next=%2Fnotes%2Fnew%3Fa%3D1"

    def test_with_a_bad_token_signs_in_again(self, api: Client) -> None:
        assert api.get("/notes/", headers={"Authorization": "Bearer x"}).status_code == 302


class TestPermission:
    def test_missing_is_a_page_that_names_it(self, api: Client) -> None:
        response = api.post("/notes/new", headers=bearer(NotePermission.VIEW))

        text = response.content.decode()
        assert response.status_code == 403
        assert response["Content-Type"].startswith("text/html")
        for part in ("Write notes", "testnotes.write", "owner", "clerk", "ada@acme.example"):
            assert part in text

    def test_held_shows_the_page_uncached(self, api: Client) -> None:
        response = api.get("/notes/new", headers=bearer(NotePermission.VIEW))

        assert (response.status_code, response["Cache-Control"]) == (200, "private, no-store")

    def test_a_method_without_permission_is_not_allowed(self, api: Client) -> None:
        response = api.post("/notes/", headers=bearer(NotePermission.VIEW))

        assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")

    def test_a_post_by_cookie_needs_a_csrf_token(self, api: Client) -> None:
        api.handler.enforce_csrf_checks = True
        api.cookies["session_token"] = token(NotePermission.WRITE)

        response = api.post("/notes/new", {})
        assert response.status_code == 403
        assert "too old" in response.content.decode()


class TestErrorPages:
    @pytest.mark.parametrize(
        ("how", "status"),
        [
            ("not_found", 404),
            ("http404", 404),
            ("conflict", 409),
            ("invalid", 422),
            ("away", 503),
            ("unknown", 500),
            ("limit", 429),
        ],
    )
    def test_have_the_status_of_the_error_and_its_trace(self, api: Client, how: str, status: int) -> None:
        response = api.get(f"/fail/{how}", headers={"Accept": "text/html"})

        assert response.status_code == status
        assert response["Content-Type"].startswith("text/html")
        assert response["X-Trace-Id"] in response.content.decode()
        assert "hunter2" not in response.content.decode()

    def test_of_an_unknown_path(self, api: Client) -> None:
        response = api.get("/nowhere", headers={"Accept": "text/html"})

        assert (response.status_code, response["Content-Type"][:9]) == (404, "text/html")

    def test_are_documents_for_programs(self, api: Client) -> None:
        response = api.get("/fail/conflict", headers={"Accept": "application/json"})

        assert response["Content-Type"] == "application/problem+json"

    def test_are_rendered_without_the_shell_when_that_is_what_broke(self, rf: RequestFactory, settings: Any) -> None:
        settings.TEMPLATES[0]["OPTIONS"]["context_processors"].append("apps.core.api.tests.test_pages.broken")
        try:
            response = error_page(rf.get("/"), Problem(404, "not_found", "Nothing here."))
        finally:
            settings.TEMPLATES[0]["OPTIONS"]["context_processors"].pop()

        assert "Nothing here." in response.content.decode()


def broken(request: Any) -> dict[str, Any]:
    raise ConnectionError("the session store is away")


class TestLists:
    def test_have_cursors(self, api: Client) -> None:
        with tenant(TENANT):
            for text in "abc":
                write_note(text)

        text = api.get("/notes/?text=", headers=bearer(NotePermission.VIEW)).content.decode()
        assert text.startswith("['a', 'b'] {'next_cursor': '")
        assert text.endswith("'previous_cursor': None} []")

    def test_say_what_was_wrong_and_show_the_rest(self, api: Client) -> None:
        with tenant(TENANT):
            write_note("a")

        url = "/notes/?made_after=nonsense&cursor=old&limit=0&ordering=body"
        text = api.get(url, headers=bearer(NotePermission.VIEW)).content.decode()
        assert text.startswith("['a']")
        for name in ("made_after", "cursor", "limit", "ordering"):
            assert f"{name}: " in text


class Form(forms.Form):
    text = forms.CharField()


class TestFormErrors:
    def test_go_to_their_fields(self) -> None:
        form = Form({"text": "a"})
        form_errors_from(Invalid(errors={"text": ["too short"], "other": ["strange"]}), form)

        assert form.errors == {"text": ["too short"], "__all__": ["strange"]}

    def test_of_other_kinds_go_above_the_form(self) -> None:
        form = Form({"text": "a"})
        form_errors_from(Conflict("stock is short"), form)

        assert form.non_field_errors() == ["stock is short"]


def test_the_shell_knows_the_tenant(api: Client, rf: RequestFactory) -> None:
    request = rf.get("/")
    assert shell(request) == {"principal": None, "tenant_name": ""}
