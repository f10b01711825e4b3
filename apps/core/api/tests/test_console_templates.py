"""What holds for every template of the console, whatever its page shows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.staticfiles import finders
from django.template import Context, Engine
from django.template.loader import get_template, render_to_string
from django.test import RequestFactory

from apps.core.auth import Principal

FRONTEND = Path(__file__).resolve().parents[4] / "frontend"
FOLDER = FRONTEND / "templates"
NAMES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.html"))
PAGES = [name for name in NAMES if not re.match(r"(components|shell)/|.*/_", name)]
SOURCES = {name: (FOLDER / name).read_text() for name in NAMES}
EVERY_PERMISSION = sorted(
    {match for source in SOURCES.values() for match in re.findall(r'(?:has_permission |permission=)"([^"]+)"', source)}
)
# Only what a page cannot do without: everything else is optional, and must be missing without an error.
NEEDED = {
    "order": {"id": 1, "number": "581587", "status": "placed", "currency": "GBP", "total_minor": 1250},
    "lines": [{"id": 2, "kind": "product", "description": "Teapot", "quantity": 1, "unit_price": 12, "total_minor": 1}],
    "can_cancel": True,
    "can_return": True,
    "product": {"id": 3, "sku": "A1", "name": "Teapot", "unit_price": 12, "currency": "GBP", "version": 1},
    "person": {"id": 4, "name": "Ada Winter", "email": "ada@acme.test", "status": "active"},
    "payment": {"id": 5, "order_id": 1, "status": "captured", "currency": "GBP", "amount_minor": 1250},
    "to_pay": {"currency": "GBP", "amount_minor": 1250},
    "invoice": {"id": 6, "number": "INV-2026-000001", "kind": "invoice", "currency": "GBP", "total_minor": 1250},
    "shop": {"title": "Tea and more", "currency": "GBP"},
    "customer": {"id": 7, "code": "C1", "name": "Ida Vogel"},
    "category": {"id": 8, "name": "Kitchen"},
    "dependency": {"name": "mail-server", "title": "the mail server", "state": "closed", "policy": {"timeout_s": 5}},
    "draft": {"lines": [], "total_minor": 0, "currency": "GBP", "idempotency_key": "k"},
}


def caller_with(permissions: Iterable[str], **facts: Any) -> Principal:
    """A principal as the templates see it."""
    return Principal(
        subject=uuid4(),
        kind="user",
        tenant_id=uuid4(),
        permissions=frozenset(permissions),
        **{"name": "Ada Winter", "email": "ada@acme.test", "tenant_name": "Acme", **facts},
    )


def rendered(name: str, permissions: list[str]) -> str:
    request = RequestFactory().get("/orders/")
    request.principal = caller_with(permissions)  # type: ignore[attr-defined]
    return (
        Engine.get_default().get_template(name).render(Context({"request": request, "csrf_token": "token", **NEEDED}))
    )


def found_in_templates(pattern: str) -> dict[str, list[Any]]:
    """What a pattern matches, by the templates that hold it."""
    found = {name: re.findall(pattern, source, re.DOTALL) for name, source in SOURCES.items()}
    return {name: matches for name, matches in found.items() if matches}


class TestEveryTemplate:
    def test_compiles(self) -> None:
        for name in NAMES:
            get_template(name)

    def test_runs_under_a_strict_content_security_policy(self) -> None:
        inline = r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|hx-on|javascript:|js:"

        assert found_in_templates(inline) == {}

    def test_protects_each_of_its_forms(self) -> None:
        forms = [(name, form) for name, found in found_in_templates(r"<form.*?</form>").items() for form in found]

        assert [name for name, form in forms if 'method="post"' in form and "{% csrf_token %}" not in form] == []

    def test_marks_nothing_safe(self) -> None:
        assert found_in_templates(r"\|\s*safe\b|autoescape off") == {}

    def test_names_only_pictures_that_the_sprite_has(self) -> None:
        used = r'{% icon "([^"]+)"|\bpicture="([^"]+)"|{% nav_item "[^"]*" "[^"]*" "([^"]+)"'
        sprite = set(re.findall(r'<symbol id="([^"]+)"', (FRONTEND / "static/console/icons.svg").read_text()))

        for name, found in found_in_templates(used).items():
            assert {picture for match in found for picture in match if picture} <= sprite, name

    def test_names_only_static_files_that_exist(self) -> None:
        paths = {path for found in found_in_templates(r"{% static '([^']+)'").values() for path in found}

        assert [path for path in paths if not finders.find(path)] == []


@pytest.mark.parametrize("name", PAGES)
class TestEveryPage:
    @pytest.mark.parametrize("permissions", [[], EVERY_PERMISSION], ids=["without permissions", "with all"])
    def test_can_be_rendered_although_optional_values_are_missing(self, name: str, permissions: list[str]) -> None:
        html = rendered(name, permissions)

        assert "</html>" in html
        assert len(re.findall(r"<h1", html)) == 1

    def test_opens_only_dialogs_that_it_has(self, name: str) -> None:
        html = rendered(name, EVERY_PERMISSION)

        opened = set(re.findall(r'data-dialog="([^"]+)"', html))
        assert opened <= set(re.findall(r'<dialog[^>]*\bid="([^"]+)"', html))


class TestErrorPages:
    @pytest.mark.parametrize("status", ["400", "403", "403_csrf", "404", "409", "500", "503"])
    def test_need_no_request(self, status: str) -> None:
        assert "</html>" in render_to_string(f"{status}.html")

    def test_403_names_the_permission_and_who_can_grant_it(self) -> None:
        html = render_to_string(
            "403.html", {"permission": "orders.cancel", "permission_label": "Cancel orders", "grantors": ["Ada Winter"]}
        )

        assert "orders.cancel" in html
        assert "Cancel orders" in html
        assert "Ada Winter" in html


class TestTheFrame:
    def test_hides_what_the_caller_may_not_see(self) -> None:
        html = rendered("orders/list.html", ["orders.view"])

        assert 'href="/orders/"' in html
        assert 'href="/people/"' not in html
        assert 'href="/orders/new"' not in html

    def test_shows_what_the_caller_may_see(self) -> None:
        html = rendered("orders/list.html", EVERY_PERMISSION)

        assert 'href="/people/"' in html
        assert 'href="/orders/new"' in html

    def test_turns_off_what_htmx_would_evaluate_or_keep(self) -> None:
        html = rendered("orders/list.html", [])

        assert '"allowEval":false' in html
        assert '"includeIndicatorStyles":false' in html
        assert '"historyCacheSize":0' in html

    def test_escapes_the_names_of_people_and_tenants(self) -> None:
        request = RequestFactory().get("/")
        request.principal = caller_with((), name="<b>x</b>", tenant_name="<i>y</i>")  # type: ignore[attr-defined]

        html = render_to_string("dashboard/home.html", {"request": request})

        assert "<b>x" not in html
        assert "<i>y" not in html
