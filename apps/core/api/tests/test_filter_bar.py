"""The bar that narrows a list, whichever list it is."""

from __future__ import annotations

import re
from types import SimpleNamespace

from django.template import Context, Engine
from django.test import RequestFactory

BAR = """{% load filters %}
{% filter_bar "/things/" search="q" placeholder="Name" keep="owner" %}
  {% filter_choice "state" "Show" "active:Active|gone:Gone & away" any="All" %}
  {% filter_choice "sort" "Sort" kinds|in_words %}
  {% filter_choice "place" "Place" places|pairs:"id name" %}
  {% if more %}{% include "audit/_security_fields.html" %}{% endif %}
  {% filter_date "since" "From" value=since %}
  {% filter_text "key" "Key" placeholder="k-1" %}
{% endfilter_bar %}"""
GIVEN = {"kinds": ["in_force", ("out", "not used")], "places": [SimpleNamespace(id=7, name="Leeds <1>")]}


def bar(query: str = "", template: str = BAR, **context: object) -> str:
    request = RequestFactory().get(f"/things/{query}")
    return Engine.get_default().from_string(template).render(Context({"request": request, **GIVEN, **context}))


def chosen(html: str) -> dict[str, str]:
    """What a browser would send, by field; the first option of a list where none is chosen."""
    lists = re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', html, re.DOTALL)
    options = {name: re.findall(r'<option value="([^"]*)"\s*(selected)?', inside) for name, inside in lists}
    picked = {name: next((v for v, on in found if on), found[0][0]) for name, found in options.items()}
    inputs = re.findall(r'<input[^>]*?name="(\w+)"[^>]*?value="([^"]*)"', html, re.DOTALL)
    return {**picked, **dict(inputs)}


class TestFilterBar:
    def test_says_again_what_the_address_says(self) -> None:
        html = bar("?q=a%22b&state=gone&sort=out&place=7&since=2026-01-02&key=k-3&group=x", more=True)

        wanted = {"q": "a&quot;b", "state": "gone", "sort": "out", "place": "7", "since": "2026-01-02", "key": "k-3"}
        assert wanted.items() <= chosen(html).items()
        assert ("Gone &amp; away" in html, "Leeds &lt;1&gt;" in html, ">In force<" in html) == (True, True, True)

    def test_counts_what_narrows_the_list_and_clears_just_that(self) -> None:
        one, two = bar("?state=gone&q=&cursor=c&limit=5"), bar("?state=gone&q=tea&owner=me&ordering=-name")

        assert re.search(r'href="/things/">Clear 1 filter<', one)
        assert re.search(r'href="/things/\?ordering=-name&amp;owner=me">Clear 2 filters<', two)
        assert {"ordering": "-name", "owner": "me"}.items() <= chosen(two).items()
        assert all("Clear" not in bar(query) for query in ("", "?ordering=name", "?owner=me", "?state="))

    def test_is_an_ordinary_form_that_follows_what_is_typed_where_scripts_run(self) -> None:
        html, plain = bar(), bar(template='{% load filters %}{% filter_bar "/x/" target="y" %}{% endfilter_bar %}')

        assert re.search(r'<form[^>]*role="search"[^>]*action="/things/"[^>]*method="get"', html)
        assert '<button class="button filter-button" type="submit">' in html
        assert 'hx-trigger="change, submit, input changed delay:300ms from:#q"' in html
        assert ('hx-trigger="change, submit"' in plain, 'hx-target="#y"' in plain) == (True, True)
        assert "data-search" not in plain

    def test_gives_each_field_a_label_of_its_own(self) -> None:
        html = bar(more=True)

        labels, ids = re.findall(r'<label for="(\w+)"', html), re.findall(r'<(?:input|select) id="(\w+)"', html)
        assert labels == ids
        assert len(set(ids)) == len(ids)

    def test_shows_a_day_that_holds_although_nobody_chose_it(self) -> None:
        html = bar(since="2026-11-29")

        assert (chosen(html)["since"], "Clear" in html) == ("2026-11-29", False)

    def test_needs_neither_a_request_nor_what_is_listed(self) -> None:
        assert Engine.get_default().from_string(BAR).render(Context()).count("<option") == 5
