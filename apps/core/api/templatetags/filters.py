"""The bar that narrows a list: `{% load filters %}`.

    {% filter_bar "/orders/" search="q" placeholder="Number or customer" %}
      {% filter_choice "status" "Status" statuses %}
      {% filter_date "placed_from" "Placed from" %}
    {% endfilter_bar %}

Without a script it is an ordinary form with a button; with one the list follows each change. What is chosen is read
from the address, so that a page can be sent to somebody as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django import template
from django.http import QueryDict
from django.template.loader import render_to_string

from apps.core.api import presentation

register = template.Library()

_NO_FILTERS = {"ordering", "cursor", "limit"}
_WHILE_TYPING = "input changed delay:300ms from:#"
Option = tuple[str, str]


@register.simple_block_tag(takes_context=True)
def filter_bar(context: template.Context, content: str, path: str, **options: str) -> str:
    """The form with its fields. Options: `search` names the field for searching, which comes first and follows what is
    typed, with `label` and `placeholder`; `target` is the id of what is filtered; `keep` names parameters that are no
    filters and stay.
    """
    query, keep = _query(context), options.get("keep", "").split()
    kept = [(name, query[name]) for name in ("ordering", *keep) if query.get(name)]
    search = options.get("search", "")
    bar = {
        "content": content,
        "path": path,
        "target": options.get("target", "results"),
        "kept": kept,
        "search": search,
        "label": options.get("label", "Search"),
        "placeholder": options.get("placeholder", ""),
        "value": query.get(search, ""),
        "trigger": ", ".join(["change", "submit", *([f"{_WHILE_TYPING}{search}"] if search else [])]),
        "active": len([name for name, value in query.items() if value and name not in {*_NO_FILTERS, *keep}]),
        "clear": f"{path}?{urlencode(kept)}" if kept else path,
    }
    return render_to_string("components/filter_bar.html", bar)


@register.inclusion_tag("components/filter_choice.html", takes_context=True)
def filter_choice(
    context: template.Context, name: str, label: str, choices: str | Iterable[Any], any: str = "Any"
) -> dict[str, Any]:
    """One of several: pairs of value and label, codes, or `"active:Active|deleted:Deleted"`; `any` is said where it
    does not matter, or for what is shown unless something is chosen.
    """
    chosen = _query(context).get(name, "")
    options = [(value, text, value == chosen) for value, text in [("", any), *_options(choices)]]
    return {"name": name, "label": label, "options": options}


@register.inclusion_tag("components/filter_field.html", takes_context=True)
def filter_date(context: template.Context, name: str, label: str, value: str = "") -> dict[str, Any]:
    """A day. `value`: where another day holds than the address says."""
    return _field(context, name, label, value, kind="date")


@register.inclusion_tag("components/filter_field.html", takes_context=True)
def filter_text(context: template.Context, name: str, label: str, placeholder: str = "") -> dict[str, Any]:
    """What is typed and sent by Enter, or by leaving the field."""
    return _field(context, name, label, "", kind="text", placeholder=placeholder)


@register.filter
def in_words(choices: Iterable[Any]) -> list[Option]:
    """Codes, or pairs that begin with one, by what they are called: `states|in_words`."""
    return [(value, presentation.words(value)) for value, _ in _options(choices)]


@register.filter
def pairs(things: Iterable[Any], names: str) -> list[Option]:
    """Choices of things by two of their attributes: `warehouses|pairs:"id name"`."""
    value, label = names.split()
    return [(str(getattr(thing, value)), str(getattr(thing, label))) for thing in things or ()]


def _field(context: template.Context, name: str, label: str, value: str, **facts: str) -> dict[str, Any]:
    return {"name": name, "label": label, "value": value or _query(context).get(name, ""), **facts}


def _options(choices: str | Iterable[Any]) -> list[Option]:
    if isinstance(choices, str):
        return [(value, text) for value, _, text in (one.partition(":") for one in choices.split("|") if one)]
    return [
        (str(one[0]), str(one[1])) if isinstance(one, list | tuple) else (str(one), str(one)) for one in choices or ()
    ]


def _query(context: template.Context) -> QueryDict:
    request = context.get("request")
    return request.GET if request else QueryDict()
