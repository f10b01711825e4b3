"""The console's template tags, through real templates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.template import Context, Engine
from django.test import RequestFactory

from apps.core.api import presentation
from apps.core.auth import Principal

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)


def caller_with(permissions: Iterable[str]) -> Principal:
    return Principal(subject=uuid4(), kind="user", tenant_id=uuid4(), permissions=frozenset(permissions))


def render(source: str, *, path: str = "/", permissions: tuple[str, ...] = (), **context: Any) -> str:
    request = RequestFactory().get(path)
    request.principal = caller_with(permissions)  # type: ignore[attr-defined]
    template = Engine.get_default().from_string("{% load console %}" + source)
    return template.render(Context({"request": request, **context})).strip()


class TestMoney:
    @pytest.mark.parametrize(
        ("minor", "currency", "text"),
        [
            (123450, "GBP", "£1,234.50"),
            (-1200, "GBP", "−£12.00"),
            (0, "EUR", "€0.00"),
            (1235, "JPY", "¥1,235"),
            (1235, "KWD", "KWD\u00a01.235"),
            (300, "chf", "CHF\u00a03.00"),
            (300, "", "3.00"),
            (None, "GBP", "—"),
            ("", "GBP", "—"),
            (9007199254740993, "GBP", "£90,071,992,547,409.93"),
        ],
    )
    def test_is_written_as_people_write_it(self, minor: object, currency: str, text: str) -> None:
        assert render("{{ minor|money:currency }}", minor=minor, currency=currency) == text

    def test_of_a_missing_variable_is_a_dash_and_no_error(self) -> None:
        assert render("{{ nobody.total_minor|money:'GBP' }}") == "—"


class TestPrice:
    @pytest.mark.parametrize(
        ("price", "currency", "text"),
        [
            (Decimal("2.55"), "GBP", "£2.55"),
            (Decimal("2.5500"), "GBP", "£2.55"),
            (Decimal("0.001"), "GBP", "£0.0010"),
            (Decimal("-12.5"), "GBP", "−£12.50"),
            (Decimal("1234"), "JPY", "¥1,234"),
            (Decimal("0.5"), "JPY", "¥0.5000"),
            ("abc", "GBP", "—"),
            (None, "GBP", "—"),
        ],
    )
    def test_shows_four_decimals_only_where_they_are_used(self, price: object, currency: str, text: str) -> None:
        assert render("{{ price|price:currency }}", price=price, currency=currency) == text


class TestTimes:
    @pytest.mark.parametrize(
        ("distance", "text"),
        [
            (timedelta(seconds=59), "just now"),
            (timedelta(minutes=5), "5 min ago"),
            (timedelta(hours=23, minutes=59), "23 h ago"),
            (timedelta(days=6), "6 d ago"),
            (timedelta(days=7), "16 Nov 2026"),
            (timedelta(minutes=-5), "in 5 min"),
        ],
    )
    def test_when_is_relative_within_a_week(self, distance: timedelta, text: str) -> None:
        with time_machine.travel(NOW, tick=False):
            assert f">{text}</time>" in render("{{ at|when }}", at=NOW - distance)

    def test_when_carries_the_exact_moment(self) -> None:
        html = render("{{ at|when }}", at=NOW)

        assert f'datetime="{NOW.isoformat()}"' in html
        assert 'title="23 Nov 2026, 14:05 UTC"' in html

    def test_moment_is_written_in_full(self) -> None:
        assert ">23 Nov 2026, 14:05 UTC</time>" in render("{{ at|moment }}", at=NOW)

    @pytest.mark.parametrize("tag", ["when", "moment"])
    def test_no_moment_is_a_dash(self, tag: str) -> None:
        assert render(f"{{{{ at|{tag} }}}}", at=None) == "—"


class TestChangedFields:
    def test_lists_what_differs_without_bookkeeping(self) -> None:
        change = {
            "before": {"name": "Tea pot", "unit_price": Decimal("2.25"), "version": 1, "sku": "A1"},
            "after": {"name": "Teapot", "unit_price": Decimal("2.25"), "version": 2, "sku": "A1"},
        }

        html = render(
            "{% for f in change|changed_fields %}{{ f.field }}:{{ f.before }}:{{ f.after }};{% endfor %}", change=change
        )

        assert html == "Name:Tea pot:Teapot;"

    def test_a_creation_has_nothing_before(self) -> None:
        fields = presentation.changed_fields({}, {"is_active": True, "roles": ["clerk", "viewer"], "note": ""})

        assert [(f.field, f.before, f.after) for f in fields] == [
            ("Is active", "—", "yes"),
            ("Roles", "—", "clerk, viewer"),
            ("Note", "—", "—"),
        ]

    def test_a_value_that_is_markup_is_escaped(self) -> None:
        change = {"before": {"name": "x"}, "after": {"name": "<script>"}}

        assert "<script>" not in render("{% for f in change|changed_fields %}{{ f.after }}{% endfor %}", change=change)

    def test_a_long_value_is_cut(self) -> None:
        [field] = presentation.changed_fields({}, {"text": "x" * 10_000})

        assert len(field.after) < 300


class TestHasPermission:
    SOURCE = '{% has_permission "orders.place" as may %}{{ may }}'

    def test_is_true_for_who_holds_it(self) -> None:
        assert render(self.SOURCE, permissions=("orders.place",)) == "True"

    def test_is_false_for_who_holds_another(self) -> None:
        assert render(self.SOURCE, permissions=("orders.view",)) == "False"

    def test_is_false_for_anonymous_callers(self) -> None:
        assert Engine.get_default().from_string("{% load console %}" + self.SOURCE).render(Context({})) == "False"


class TestQueryWith:
    def test_replaces_adds_and_removes(self) -> None:
        html = render("{% query_with cursor='b' status=None %}", path="/orders/?cursor=a&status=placed&q=tea+pot")

        assert html == "?q=tea+pot&amp;cursor=b"

    def test_escapes_what_the_caller_sent(self) -> None:
        assert "<" not in render("{% query_with cursor='b' %}", path="/orders/?q=%3Cscript%3E")

    def test_works_without_a_request(self) -> None:
        source = "{% load console %}{% query_with cursor='b' %}"

        assert Engine.get_default().from_string(source).render(Context({})) == "?cursor=b"


class TestSortHeader:
    SOURCE = '{% sort_header "placed_at" "Placed" %}'

    def test_links_to_the_other_direction_and_starts_again_at_the_first_page(self) -> None:
        html = render(self.SOURCE, path="/orders/?ordering=placed_at&cursor=a", sortable=["placed_at"])

        assert 'aria-sort="ascending"' in html
        assert 'href="?ordering=-placed_at"' in html

    def test_is_plain_text_where_the_list_cannot_be_sorted(self) -> None:
        html = render(self.SOURCE, path="/orders/?ordering=placed_at")

        assert "<a" not in html
        assert "aria-sort" not in html


class TestNavItem:
    SOURCE = '{% nav_item "/orders/" "Orders" "orders" permission="orders.view" go="o" %}'

    def test_marks_the_page_and_what_lies_below_it(self) -> None:
        assert 'aria-current="page"' in render(self.SOURCE, path="/orders/new", permissions=("orders.view",))
        assert "aria-current" not in render(self.SOURCE, path="/products/", permissions=("orders.view",))

    def test_the_dashboard_is_not_the_parent_of_everything(self) -> None:
        assert "aria-current" not in render('{% nav_item "/" "Dashboard" "home" %}', path="/orders/")

    def test_is_hidden_without_the_permission(self) -> None:
        assert render(self.SOURCE) == ""


class TestUndoPath:
    @pytest.mark.parametrize(
        ("tags", "path"),
        [
            ("undo:/products/1/restoration", "/products/1/restoration"),
            ("other undo:/people/1/restoration", "/people/1/restoration"),
            ("undo://evil.test/", ""),
            ("undo:/\\evil.test/", ""),
            ("undo:https://evil.test/", ""),
            ("success", ""),
            (None, ""),
        ],
    )
    def test_stays_on_this_site(self, tags: object, path: str) -> None:
        assert render("{{ tags|undo_path }}", tags=tags) == path


class TestSmallTags:
    def test_path_escapes_and_closes_pages_with_a_slash(self) -> None:
        assert render('{% path "products" "a/b" %}') == "/products/a%2Fb/"
        assert render('{% path "products" 7 "deletion" %}') == "/products/7/deletion"

    def test_badge_says_the_status_in_words(self) -> None:
        assert render('{% badge "partly_returned" %}') == '<span class="badge badge-warn">Partly returned</span>'

    def test_badge_of_an_unknown_status_is_plain_and_escaped(self) -> None:
        assert "&lt;b&gt;" in render("{% badge status %}", status="<b>")

    @pytest.mark.parametrize(
        ("name", "text"), [("Ada Lovelace", "AL"), ("ada@acme.test", "AA"), ("", "?"), (None, "?"), (" ", "?")]
    )
    def test_initials(self, name: object, text: str) -> None:
        assert render("{{ name|initials }}", name=name) == text

    @pytest.mark.parametrize(("number", "text"), [(5, "+5"), (-1200, "−1,200"), (0, "0"), (None, "—")])
    def test_signed(self, number: object, text: str) -> None:
        assert render("{{ number|signed }}", number=number) == text

    def test_words(self) -> None:
        assert render("{{ 'OrderPlaced'|words }} {{ 'stock_adjustment'|words }}") == "Order placed Stock adjustment"

    def test_entity_path_leads_to_the_page_of_what_changed(self) -> None:
        assert render("{{ change|entity_path }}", change={"entity": "Product", "entity_id": 7}) == "/products/7/"
        assert render("{{ change|entity_path }}", change={"entity": "RoleAssignment", "entity_id": 7}) == ""


class TestSparkline:
    def test_lies_in_its_box_and_is_described(self) -> None:
        html = render('{% sparkline series label="Revenue" %}', series=[0, 10, 5])

        assert 'aria-label="Revenue"' in html
        assert 'points="0.0,55.0 120.0,1.0 240.0,28.0"' in html

    @pytest.mark.parametrize("series", [[], [3], [0, 0, 0], [-5, 5]])
    def test_any_series_stays_inside(self, series: list[float]) -> None:
        points = presentation.sparkline_points(series, width=240, height=56)

        assert all(0 <= x <= 240 and 0 <= y <= 56 for x, y in points)
