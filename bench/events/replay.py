"""A read model built again from a long log, beside what a plain loop over the ORM does."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from apps.business.orders.handlers import ORDER_SUMMARY
from apps.business.orders.models import LineKind, OrderSummary
from apps.business.search_keys import search_key
from apps.core.events.models import Event
from apps.core.history import SYSTEM
from apps.core.projections import commands
from apps.core.projections.definition import Projection
from apps.core.projections.models import Rebuild
from apps.core.tenancy import tenant
from bench.events.sample import history, tenants
from bench.harness import Bench

_SOME = 5_000


def measure(bench: Bench, count: int) -> None:
    history(count)
    rounds, bench.rounds = bench.rounds, 1
    bench.compare(
        f"The list of orders built again from {count:,} events",
        "events",
        {
            f"plain ORM: a loop with create(), {_SOME:,} of them": _plain,
            f"ours: each by its handler, {_SOME:,} of them": _one_by_one,
            "ours: many at once, and the comparison of all rows": lambda: _all(ORDER_SUMMARY),
        },
        note="Goal: 1,000,000 in under two minutes, so 8,333 a second.",
    )
    bench.rounds = rounds


def _all(projection: Projection) -> int:
    done = commands.build(projection, actor=SYSTEM, now=timezone.now()).events_done
    commands.discard(projection, actor=SYSTEM, now=timezone.now())
    return done


class _Enough(Exception):
    pass


def _one_by_one() -> int:
    """Until some are done, with what a group without a function for many has."""
    group, done = ORDER_SUMMARY.group, 0
    projection = replace(ORDER_SUMMARY, name="order_summary_one_by_one")

    def heard(made: Rebuild) -> None:
        nonlocal done
        done = made.events_done
        if done >= _SOME:
            raise _Enough

    many, group.many = group.many, None
    try:
        commands.build(projection, actor=SYSTEM, now=timezone.now(), heard=heard)
    except _Enough:
        commands.discard(projection, actor=SYSTEM, now=timezone.now())
    finally:
        group.many = many
    return done


def _plain() -> int:
    """As it would be written without a platform: rows of the log, one row of the list for each, a transaction for each
    hundred. Tenant by tenant, since row-level security shows no others.
    """
    done = 0
    for owner in tenants():
        with tenant(owner):
            events = Event.objects.using("business").filter(type="OrderPlaced").order_by("recorded_at", "id")
            for first in range(0, _SOME // 20, 100):
                with transaction.atomic(using="business"):
                    done += sum(_created(event) for event in events[first : first + 100])
            OrderSummary.objects.all().delete()
    return done


def _created(event: Event) -> int:
    told = event.payload
    OrderSummary.objects.create(
        id=told["orderId"],
        number=told["number"],
        number_key=search_key(told["number"]),
        status="placed",
        placed_at=told["occurredAt"],
        currency=told["currency"],
        line_count=len(told["lines"]),
        item_count=sum(line["quantity"] for line in told["lines"] if line["kind"] == LineKind.PRODUCT),
        total_minor=told["totalMinor"],
        source=told["source"],
        last_sequence=event.sequence,
    )
    return 1
