"""What the console's templates need: `{% load console %}`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django import template
from django.conf import settings
from django.http import QueryDict
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.api import presentation
from apps.core.api.service_paths import services_with_a_database
from apps.core.auth import Resource

register = template.Library()

_LONGEST_ABBREVIATION = 3

_UNDO = "undo:"
_TONES = {
    "good": "active created paid shipped delivered completed received restored executed ready success succeeded done "
    "captured",
    "info": "placed confirmed invited updated changed new approved requested queued running scheduled waiting "
    "authorised",
    "warn": "pending processing suspended returned partly_returned partially_returned draft low warning expired "
    "provisioning disabled revoked retrying compensating compensated undoing undone turned_back under_review "
    "authorising voided partly_refunded refunded",
    "bad": "cancelled deleted failed refused error failure denied dead needs_attention declined stuck",
}
_TONE_OF = {status: tone for tone, statuses in _TONES.items() for status in statuses.split()}
_ENTITY_PATHS = {
    "Product": "products",
    "Order": "orders",
    "Shipment": "shipments",
    "User": "people",
    "Membership": "people",
    "ApprovalRequest": "approvals",
    "Group": "groups",
    "GroupMember": "groups",
    "Application": "applications",
    "Policy": "access/policies",
    "ServiceAccount": "service-accounts",
    "WebhookEndpoint": "webhooks",
    "Payment": "payments",
}
_PARTS_OF_A_PAGE = 2  # the feature and the id
_SPARK_WIDTH, _SPARK_HEIGHT = 240, 56


@register.filter
def money(amount_minor: object, currency: str = "") -> str:
    """`{{ order.total_minor|money:order.currency }}`: minor units as people write them."""
    return presentation.money_text(amount_minor, currency or "")


@register.filter
def price(amount: object, currency: str = "") -> str:
    """`{{ line.unit_price|price:order.currency }}`: a unit price in major units, up to four decimals."""
    return presentation.price_text(amount, currency or "")


@register.filter
def when(at: datetime | None) -> str:
    """How long ago, as a `<time>` that says the moment in full when pointed at."""
    if not at:
        return presentation.NOTHING
    return _time(at, presentation.relative_text(timezone.localtime(at), timezone.now()), relative=True)


@register.filter
def moment(at: datetime | None) -> str:
    """The moment itself, as a `<time>`."""
    return _time(at, presentation.moment_text(timezone.localtime(at)), relative=False) if at else presentation.NOTHING


def _time(at: datetime, text: str, *, relative: bool) -> SafeString:
    title = presentation.moment_text(timezone.localtime(at))
    mark = "relative" if relative else "moment"
    return format_html('<time datetime="{}" title="{}" data-time="{}">{}</time>', at.isoformat(), title, mark, text)


@register.filter
def words(code: object) -> str:
    """A code as words: `stock_adjustment` becomes `Stock adjustment`."""
    return presentation.words(code)


@register.filter
def percent(share: float) -> str:
    """`0.125` becomes `13 %`; a little that is not nothing stays so: `< 1 %`."""
    return "< 1 %" if 0 < share < 0.01 else f"{share:.0%}".replace("%", " %")


@register.filter
def duration(seconds: float) -> str:
    """`0.25` becomes `250 ms`, `12.0` becomes `12 s`."""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.2g} ms"


@register.filter
def signed(number: int | None) -> str:
    """A difference with its sign: `+5`, `0`, and a true minus before what is less."""
    if number is None:
        return presentation.NOTHING
    return f"+{number:,}" if number > 0 else f"{number:,}".replace("-", "\u2212")


@register.filter
def initials(name: object) -> str:
    """One or two letters that stand for a person: `Ada Lovelace` becomes `AL`."""
    parts = str(name or "?").replace("@", " ").split()
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper() if parts else "?"


@register.filter
def changed_fields(change: Any) -> list[presentation.ChangedField]:
    """The fields of an audit entry that differ: `{% for f in change|changed_fields %}{{ f.before }} {{ f.after }}`."""
    if isinstance(change, dict):
        return presentation.changed_fields(change.get("before"), change.get("after"))
    return presentation.changed_fields(getattr(change, "before", None), getattr(change, "after", None))


@register.filter
def entity_path(change: Any) -> str:
    """Where the changed thing can be seen, or nothing when it has no page of its own."""
    entity, entity_id = _member(change, "entity"), _member(change, "entity_id")
    folder = _ENTITY_PATHS.get(str(entity))
    return f"/{folder}/{entity_id}/" if folder and entity_id else ""


def _member(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, dict) else getattr(thing, name, None)


@register.filter
def undo_path(extra_tags: object) -> str:
    """The path in a message's `extra_tags="undo:/products/1/restoration"`; nothing unless it stays on this site."""
    for tag in str(extra_tags or "").split():
        path = tag.removeprefix(_UNDO)
        if tag.startswith(_UNDO) and path.startswith("/") and not path.startswith(("//", "/\\")):
            return path
    return ""


@register.simple_tag(takes_context=True)
def has_permission(context: template.Context, permission: str, kind: str = "", id_: UUID | None = None) -> bool:
    """`{% has_permission "orders.place" as may_place %}`: to hide what the caller could not use. The view decides.

    For one object: `{% has_permission "orders.cancel" "order" order.id as may_cancel %}`.
    """
    principal = getattr(context.get("request"), "principal", None)
    resource = Resource(kind, id_) if kind and id_ else None
    return principal is not None and bool(principal.may(permission, resource))


@register.simple_tag(takes_context=True)
def query_with(context: template.Context, **changes: object) -> str:
    """This page's query string with some parameters replaced; None or "" removes one. `?` when nothing is left."""
    request = context.get("request")
    query = request.GET.copy() if request else QueryDict(mutable=True)
    for name, value in changes.items():
        query.pop(name, None)
        if value not in (None, ""):
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag
def path(*parts: object) -> str:
    """`{% path "products" product.id "deletion" as url %}`: `/products/…/deletion`; with no verb it ends in a slash."""
    tail = "" if len(parts) > _PARTS_OF_A_PAGE else "/"
    return "/" + "/".join(quote(str(part), safe="") for part in parts) + tail


@register.simple_tag(takes_context=True)
def service_path(context: template.Context, folder: str) -> str:
    """`{% service_path "dead-letters" as url %}`: of the service that this page belongs to, or the first one."""
    here = re.match(r"/services/([a-z]+)/", getattr(context.get("request"), "path", ""))
    known = services_with_a_database() or list(settings.EVENTS_LOG_OF_SERVICE)
    service = here[1] if here and here[1] in known else known[0]
    return f"/services/{service}/{folder}/"


@register.filter
def service_name(service: str) -> str:
    """For people: an abbreviation in capitals, a word as a word."""
    return service.upper() if len(service) <= _LONGEST_ABBREVIATION else service.capitalize()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A picture of the sprite, in the colour of its text. Silent for screen readers unless it has a label."""
    href = f"{static('console/icons.svg')}#{name}"
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>', label, href)
    return format_html('<svg class="icon" aria-hidden="true" focusable="false"><use href="{}"></use></svg>', href)


@register.simple_tag
def badge(status: object, label: str = "") -> SafeString:
    """A status in words, with a colour that repeats what the words say."""
    tone = _TONE_OF.get(str(status or "").lower(), "plain")
    return format_html('<span class="badge badge-{}">{}</span>', tone, label or presentation.words(status))


@register.simple_tag
def sparkline(series: Sequence[float], label: str) -> SafeString:
    """A small line of the series as SVG. `label` says in words what it shows."""
    points = presentation.sparkline_points(series, width=_SPARK_WIDTH, height=_SPARK_HEIGHT)
    line = " ".join(f"{x},{y}" for x, y in points)
    return format_html(
        '<svg class="sparkline" viewBox="0 0 {w} {h}" preserveAspectRatio="none" role="img" aria-label="{label}">'
        '<polygon class="sparkline-area" points="0,{h} {line} {w},{h}"></polygon>'
        '<polyline class="sparkline-line" points="{line}" vector-effect="non-scaling-stroke"></polyline></svg>',
        w=_SPARK_WIDTH,
        h=_SPARK_HEIGHT,
        label=label,
        line=line,
    )


@register.inclusion_tag("components/sort_header.html", takes_context=True)
def sort_header(context: template.Context, key: str, label: str, css: str = "") -> dict[str, Any]:
    """A column's header; a link that sorts by it where the view listed `key` in `sortable`."""
    request = context.get("request")
    current = context.get("ordering") or (request.GET.get("ordering", "") if request else "")
    direction = {key: "ascending", f"-{key}": "descending"}.get(str(current), "")
    target = f"-{key}" if direction == "ascending" else key
    url = query_with(context, ordering=target, cursor=None) if key in (context.get("sortable") or ()) else ""
    return {"label": label, "css": css, "direction": direction, "url": url}


@register.inclusion_tag("components/nav_item.html", takes_context=True)
def nav_item(context: template.Context, path: str, label: str, picture: str, **options: str) -> dict[str, Any]:
    """An entry of the side navigation. Options: `permission` hides it from who lacks it, `go` is its key after `g`,
    `badge` the path of a piece that shows how much waits there, `exact` where pages below belong to other entries,
    `also` where those below another path belong to this one too.
    """
    request = context.get("request")
    here = getattr(request, "path", "")
    permission = options.get("permission", "")
    below = {options.get("also", ""), "" if options.get("exact") or path == "/" else path} - {""}
    return {
        "path": path,
        "label": label,
        "picture": picture,
        "go": options.get("go", ""),
        "badge": options.get("badge", ""),
        "visible": not permission or has_permission(context, permission),
        "current": here == path or here.startswith(tuple(below)),
    }
