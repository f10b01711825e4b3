"""The read models of orders, made again from the log: the ordinary case, and everything that may come between."""

from __future__ import annotations

import itertools
import random
import threading
from contextlib import suppress
from io import StringIO
from uuid import uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connections
from django.utils import timezone

from apps.business.inventory import queries as inventory
from apps.business.inventory.handlers import STOCK, STOCK_PROJECTION
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.orders import commands as commands_of_orders
from apps.business.orders import queries
from apps.business.orders.handlers import CUSTOMER_HISTORY, DAILY_REVENUE, HISTORY, ORDER_SUMMARY, REVENUE, SUMMARY
from apps.business.orders.models import DailyRevenue, OrderSummary, PurchaseHistory
from apps.business.orders.tests.factories import ADA, CustomerFactory, line, place
from apps.business.orders.tests.test_cancel_and_return import cancel, take_back
from apps.business.orders.tests.test_sagas import LIMIT, carried_on, review
from apps.core.db.roles import as_owner
from apps.core.events import repairs
from apps.core.events.archiving import archive_months
from apps.core.events.database import connect
from apps.core.events.models import DeadLetter
from apps.core.events.testing import consume_available, run_relay_once
from apps.core.events.tests.long_ago import FEBRUARY, old_months, read_to_the_end
from apps.core.projections import commands, log, placing, tables
from apps.core.projections.errors import NothingKept, NotReady, RebuildRunning, ReplayFailed
from apps.core.projections.queries import newest_rebuild, totals
from apps.core.tenancy import no_tenant, tenant
from apps.core.tenantdata.erasing import erase_all, order_erasure

pytestmark = pytest.mark.django_db(databases=["default", "business"], transaction=True)

BOTH = (ORDER_SUMMARY, DAILY_REVENUE)
GROUPS = (SUMMARY, REVENUE)


def handle_everything():
    """The relay places what is committed, and both groups handle it."""
    run_relay_once("business")
    for group in GROUPS:
        consume_available(group)


def build(projection, **kwargs):
    with no_tenant():
        return commands.build(projection, actor=ADA, now=timezone.now(), **kwargs)


def put_in_place(projection):
    with no_tenant():
        return commands.put_in_place(projection, actor=ADA, now=timezone.now())


def rebuilt(*projections):
    for projection in projections:
        build(projection)
        put_in_place(projection)


def shown():
    """What the current tenant reads, without what may differ between two builds."""
    summaries = [
        (row.id, row.number, row.status, row.total_minor, row.returned_minor, row.item_count, row.last_sequence)
        for row in OrderSummary.objects.order_by("id")
    ]
    days = DailyRevenue.objects.order_by("day", "currency")
    return summaries, list(days.values_list("day", "currency", "order_count", "sold_minor", "returned_minor"))


def some_history():
    kept, returned, cancelled = place(customer_id=CustomerFactory().id), place(), place()
    take_back(returned, 1)
    cancel(cancelled)
    return kept, returned, cancelled


@pytest.fixture(autouse=True)
def _nothing_left():
    """Rebuilds belong to no tenant, and shadows to no table that is emptied between tests."""
    yield
    with connections["business"].cursor() as cursor:
        for projection in (*BOTH, CUSTOMER_HISTORY, STOCK_PROJECTION):
            for schema in ("projections_shadow", "projections_previous"):
                cursor.execute("select projections_drop(%s, %s)", [projection.table_names, schema])


class TestBuild:
    def test_knows_orders_that_were_held(self, in_tenant):
        place()
        commands_of_orders.set_review_limit(**LIMIT, actor=ADA)
        agreed, denied, open_still = (carried_on(place(line(StockLevelFactory().product_id, 3))) for _ in range(3))
        handle_everything()
        review(agreed, approved=True)
        review(denied, approved=False)
        handle_everything()

        found = [totals(build(projection).differences) for projection in BOTH]

        assert found == [0, 0]
        assert {row[0]: row[2] for row in shown()[0]}[open_still.id] == "under_review"

    def test_comes_to_what_the_handlers_came_to(self, in_tenant):
        some_history()
        handle_everything()
        before = shown()

        found = {projection.name: build(projection) for projection in BOTH}

        assert {name: totals(made.differences) for name, made in found.items()} == {
            "order_summary": 0,
            "daily_revenue": 0,
        }
        assert found["order_summary"].events_done == 5
        assert shown() == before

    def test_of_customers_comes_to_what_the_handlers_came_to(self, in_tenant):
        some_history()
        run_relay_once("business")
        consume_available(HISTORY)
        kept = list(PurchaseHistory.objects.values_list("customer_id", "order_count", "spent_minor"))

        rebuilt(CUSTOMER_HISTORY)

        assert newest_rebuild(CUSTOMER_HISTORY).differences["orders_purchasehistory"]["changed"] == 0
        assert list(PurchaseHistory.objects.values_list("customer_id", "order_count", "spent_minor")) == kept != []

    def test_of_stock_finds_the_row_that_is_wrong(self, in_tenant):
        some_history()
        run_relay_once("business")
        consume_available(STOCK)
        moved = inventory.stock_days().exclude(sold=0)
        days, wrong = list(moved.values_list("product_id", "moved_in", "moved_out")), moved.first()
        moved.filter(id=wrong.id).update(moved_out=99)

        rebuilt(STOCK_PROJECTION)

        found = newest_rebuild(STOCK_PROJECTION).differences
        assert (found["inventory_stocksummary"]["changed"], found["inventory_stockday"]["changed"]) == (0, 1)
        assert list(moved.values_list("product_id", "moved_in", "moved_out")) == days != []

    def test_reads_what_was_archived_too(self, in_tenant, archive_dir):
        some_history()
        handle_everything()
        before = shown()
        with old_months("business", with_all_events=True):
            place()
            handle_everything()
            read_to_the_end("business")
            archive_months("business", before=FEBRUARY)
            after = shown()

            rebuilt(*BOTH)

            assert shown() == after
            assert len(after[0]) == len(before[0]) + 1

    def test_tells_which_rows_differ_and_changes_none_until_it_is_put_in_place(self, in_tenant):
        kept, returned, cancelled = some_history()
        handle_everything()
        right = shown()
        OrderSummary.objects.filter(id=kept.id).update(total_minor=1)
        OrderSummary.objects.filter(id=returned.id).delete()
        stray = OrderSummary.objects.get(id=cancelled.id)
        stray.pk = uuid4()
        stray.save(force_insert=True)

        found = build(ORDER_SUMMARY).differences["orders_ordersummary"]

        assert (found["missing"], found["superfluous"], found["changed"]) == (1, 1, 1)
        assert {(sample["kind"], *sample["key"]) for sample in found["samples"]} == {
            ("changed", str(kept.id)),
            ("missing", str(returned.id)),
            ("superfluous", str(stray.pk)),
        }
        assert shown() != right
        put_in_place(ORDER_SUMMARY)
        assert shown() == right

    def test_goes_on_where_it_was_killed_wherever_that_was(self, in_tenant, monkeypatch):
        some_history()
        handle_everything()
        monkeypatch.setattr(log.read, "__kwdefaults__", {"limit": 1})

        class Killed(BaseException): ...

        def kill_each_second(made, calls=itertools.count()):  # noqa: B008
            if next(calls) % 2:
                raise Killed

        while (made := newest_rebuild(ORDER_SUMMARY)) is None or made.position < made.target:
            with suppress(Killed):
                build(ORDER_SUMMARY, heard=kill_each_second)
        place()
        handle_everything()
        made = build(ORDER_SUMMARY)

        assert (made.events_done, totals(made.differences)) == (6, 0)

    def test_names_the_event_that_cannot_be_replayed_and_goes_on_once_that_is_mended(self, in_tenant):
        _, _, cancelled = some_history()
        handle_everything()
        right = shown()
        first = _break(cancelled.id)

        with pytest.raises(ReplayFailed) as failed:
            build(ORDER_SUMMARY)

        made = newest_rebuild(ORDER_SUMMARY)
        assert f"OrderCancelled {first}" in str(failed.value)
        assert (made.state, made.failure) == ("failed", str(failed.value))
        _mend(cancelled.id)
        assert totals(build(ORDER_SUMMARY).differences) == 0
        put_in_place(ORDER_SUMMARY)
        assert shown() == right

    def test_leaves_out_what_was_discarded(self, in_tenant):
        _, _, cancelled = some_history()
        first = _break(cancelled.id)
        handle_everything()
        (letter,) = DeadLetter.objects.using("business").filter(group=SUMMARY, event_id=first)
        repairs.discard(letter.id, using="business", actor=ADA, because="lost", now=timezone.now())

        made = build(ORDER_SUMMARY)

        assert totals(made.differences) == 0
        assert OrderSummary.objects.get(id=cancelled.id).status == "placed"

    def test_takes_what_was_corrected_as_it_was_corrected(self, in_tenant):
        _, _, cancelled = some_history()
        payload = queries.timeline(cancelled.id)[-1].plain_payload()
        first = _break(cancelled.id)
        handle_everything()
        for group in GROUPS:
            (letter,) = DeadLetter.objects.using("business").filter(group=group, event_id=first)
            repairs.correct(
                letter.id, payload=payload, using="business", actor=ADA, because="the time was lost", now=timezone.now()
            )
            repairs.retry_letter(letter.id, using="business", actor=ADA)

        found = [totals(build(projection).differences) for projection in BOTH]

        assert found == [0, 0]
        assert OrderSummary.objects.get(id=cancelled.id).status == "cancelled"

    def test_is_refused_while_another_one_is_at_work(self, in_tenant):
        with log.alone(ORDER_SUMMARY), pytest.raises(RebuildRunning):
            build(ORDER_SUMMARY)


class TestPutInPlace:
    def test_loses_and_doubles_nothing_of_what_happens_before_and_after(self, in_tenant):
        some_history()
        handle_everything()
        for projection in BOTH:
            build(projection)
        some_history()  # handled before the exchange
        handle_everything()
        third = place()  # not handled before the exchange
        run_relay_once("business")

        for projection in BOTH:
            put_in_place(projection)
        exchanged = shown()
        handle_everything()
        cancel(third)
        handle_everything()

        assert len(exchanged[0]) == 7
        assert [row[2] for row in shown()[0] if row[0] == third.id] == ["cancelled"]
        _is_as_the_log_says()

    def test_loses_and_doubles_nothing_while_consumers_and_writers_go_on(self, in_tenant, tenant_id):
        product = StockLevelFactory(on_hand=100_000).product_id
        writing, reading = _Writers(tenant_id, product), _Consumers()
        with reading, writing:
            for _ in range(4):
                rebuilt(*BOTH)
        handle_everything()

        assert writing.errors == reading.errors == []
        assert len(shown()[0]) == writing.placed > 0
        _is_as_the_log_says()

    def test_brings_in_what_was_handled_after_the_inbox_was_written(self, in_tenant, tenant_id, monkeypatch):
        some_history()
        handle_everything()
        build(ORDER_SUMMARY)
        lock = tables.lock

        def lock_late(projection):
            _in_a_thread(tenant_id, place, handle_everything).join(30)
            lock(projection)

        monkeypatch.setattr(tables, "lock", lock_late)
        put_in_place(ORDER_SUMMARY)

        assert len(shown()[0]) == 4
        _is_as_the_log_says()

    def test_lets_consumers_wait_once_it_has_looked(self, in_tenant, tenant_id, monkeypatch):
        some_history()
        handle_everything()
        build(ORDER_SUMMARY)
        follow, consumers = placing._follow, []

        def follow_and_wait(*args):
            ahead = follow(*args)
            consumers.append(_in_a_thread(tenant_id, place, handle_everything))
            _until_over_or_waiting(consumers[0])
            return ahead

        monkeypatch.setattr(placing, "_follow", follow_and_wait)
        put_in_place(ORDER_SUMMARY)
        consumers[0].join(30)

        assert len(shown()[0]) == 4
        _is_as_the_log_says()

    def test_frees_the_keys_of_what_was_parked(self, in_tenant):
        _, _, cancelled = some_history()
        _break(cancelled.id)
        handle_everything()
        _mend(cancelled.id)
        later = place()

        rebuilt(ORDER_SUMMARY)
        handle_everything()

        assert not DeadLetter.objects.using("business").filter(status__in=DeadLetter.OPEN, group=SUMMARY).exists()
        assert OrderSummary.objects.get(id=cancelled.id).status == "cancelled"
        assert OrderSummary.objects.get(id=later.id).status == "placed"

    def test_needs_a_shadow_that_is_ready(self, in_tenant):
        with pytest.raises(NotReady):
            put_in_place(ORDER_SUMMARY)

    def test_keeps_rows_apart_as_before(self, in_tenant, other_tenant_id):
        place()
        handle_everything()
        rebuilt(*BOTH)

        with tenant(other_tenant_id):
            assert list(queries.order_summaries()) == []
            place()
        with no_tenant():
            assert OrderSummary.objects.count() == 0

    def test_keeps_names_rights_and_keys_as_they_were(self, in_tenant):
        place()
        handle_everything()
        before = _declared("orders_ordersummary"), _declared("orders_dailyrevenue")

        rebuilt(*BOTH)
        rebuilt(*BOTH)

        assert (_declared("orders_ordersummary"), _declared("orders_dailyrevenue")) == before
        indexes = " ".join(definition for (definition,) in before[0][0])
        assert all(index.name in indexes for index in OrderSummary._meta.indexes)

    def test_brings_back_nothing_of_a_tenant_that_was_erased_meanwhile(self, in_tenant):
        place()
        handle_everything()
        build(ORDER_SUMMARY)
        order_erasure("business", reason="left", ordered_by=None)
        erase_all("business")

        put_in_place(ORDER_SUMMARY)

        assert OrderSummary.objects.count() == 0


class TestRollBack:
    def test_shows_again_what_was_there_with_all_that_has_happened_since(self, in_tenant):
        kept, *_ = some_history()
        handle_everything()
        OrderSummary.objects.filter(id=kept.id).update(number="told apart")
        build(ORDER_SUMMARY)
        waiting = place()
        run_relay_once("business")  # its event is in the shadow, but not handled before the exchange
        put_in_place(ORDER_SUMMARY)
        since = place()
        handle_everything()

        commands.roll_back(ORDER_SUMMARY, actor=ADA, now=timezone.now())

        assert OrderSummary.objects.get(id=kept.id).number == "told apart"
        assert OrderSummary.objects.filter(id__in=[waiting.id, since.id]).count() == 2
        cancel(since)
        handle_everything()
        assert OrderSummary.objects.get(id=since.id).status == "cancelled"

    def test_is_over_after_a_day(self, in_tenant):
        place()
        handle_everything()
        rebuilt(ORDER_SUMMARY)
        soon = commands.forget_previous(ORDER_SUMMARY, now=timezone.now())

        later = commands.forget_previous(ORDER_SUMMARY, now=timezone.now() + commands.KEPT_FOR)

        assert (soon, later) == (False, True)
        with pytest.raises(NothingKept):
            commands.roll_back(ORDER_SUMMARY, actor=ADA, now=timezone.now())

    def test_is_over_once_somebody_was_to_be_erased(self, in_tenant):
        place()
        handle_everything()
        rebuilt(ORDER_SUMMARY)
        order_erasure("business", reason="left", ordered_by=None)

        assert commands.forget_previous(ORDER_SUMMARY, now=timezone.now()) is True


class TestFunctionsOfTheOwner:
    @pytest.mark.parametrize("function", ["projections_prepare", "projections_put_in_place", "projections_take_back"])
    def test_touch_no_table_that_is_no_projection(self, function):
        with connections["business"].cursor() as cursor, pytest.raises(ProgrammingError, match="no table of a projec"):
            cursor.execute(f"select {function}(%s)", [["orders_order"]])

    def test_drop_nothing_but_shadows(self):
        with connections["business"].cursor() as cursor, pytest.raises(ProgrammingError, match="keeps no shadows"):
            cursor.execute("select projections_drop(%s, 'public')", [["orders_ordersummary"]])

    def test_are_not_for_others(self):
        with connect("business", "test") as relay, pytest.raises(psycopg.errors.InsufficientPrivilege):
            relay.execute("select projections_prepare(array['orders_ordersummary'])")


class TestCommand:
    def test_builds_reports_puts_in_place_and_takes_back(self, in_tenant):
        some_history()
        handle_everything()

        assert "order_summary" in _said()
        assert "no row differs" in _said("order_summary")
        assert "ready" in _said()
        assert "in place" in _said("order_summary", "--swap")
        assert "read again" in _said("order_summary", "--rollback")
        _said("order_summary")
        assert "gone" in _said("order_summary", "--discard")

    def test_says_in_one_line_what_is_wrong(self):
        for arguments, why in {
            ("nonsense",): "there are: customer_history, daily_revenue, order_summary",
            ("order_summary", "--discard"): "has no shadow",
            ("order_summary", "--rollback"): "keeps nothing of before",
        }.items():
            with pytest.raises(CommandError, match=why):
                _said(*arguments)


def _said(*arguments):
    out = StringIO()
    with no_tenant():
        call_command("replay", *arguments, stdout=out)
    return out.getvalue()


def _is_as_the_log_says():
    """A fresh build differs in no row."""
    for projection in BOTH:
        made = build(projection)
        assert totals(made.differences) == 0, made.differences


def _break(order_id):
    """Spoil the last event of an order, as no command could; returns its id."""
    return _as_owner("update events_event set payload = payload - 'placedAt' || jsonb_build_object('kept', payload) "
                     "where aggregate_id = %s and type = 'OrderCancelled' returning id", order_id)  # fmt: skip


def _mend(order_id):
    _as_owner("update events_event set payload = payload->'kept' "
              "where aggregate_id = %s and type = 'OrderCancelled' returning id", order_id)  # fmt: skip


def _as_owner(statement, order_id):
    with as_owner("business"), connections["business"].cursor() as cursor:
        cursor.execute(statement, [order_id])
        (changed,) = cursor.fetchone()
    return changed


def _declared(table):
    """Indexes, constraints, policies and rights of a table."""
    with connect("business", "test") as relay:
        ask = relay.execute
        return [
            ask("select indexdef from pg_indexes where schemaname = 'public' and tablename = %s order by 1", [table])
            .fetchall(),
            ask("select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = %s::regclass order by 1",
                [table]).fetchall(),
            ask("select policyname, qual, with_check from pg_policies where tablename = %s and schemaname = 'public'",
                [table]).fetchall(),
            ask("select relacl::text, relrowsecurity, relforcerowsecurity, relowner::regrole::text, "
                "obj_description(oid, 'pg_class') from pg_class where oid = %s::regclass", [table]).fetchall(),
            ask("select attname, atttypid::regtype::text, attnotnull, attidentity, atthasdef from pg_attribute "
                "where attrelid = %s::regclass and attnum > 0 order by attnum", [table]).fetchall(),
        ]  # fmt: skip


def _in_a_thread(tenant_id, *steps):
    """Somebody else, with connections of their own."""

    def run():
        try:
            with tenant(tenant_id):
                for step in steps:
                    step()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def _until_over_or_waiting(thread):
    """Returns once the thread has ended, or somebody waits for a lock on the tables."""
    waiting = "select exists (select from pg_locks where not granted and relation = 'orders_ordersummary'::regclass)"
    with connect("business", "test") as relay:
        while thread.is_alive() and not relay.execute(waiting).fetchone()[0]:
            thread.join(0.02)


class _Going(threading.Thread):
    """Repeats something until the block is left."""

    def __init__(self):
        super().__init__()
        self.over, self.errors = threading.Event(), []

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join(60)

    def run(self):
        try:
            while not self.over.is_set():
                self.once()
        except BaseException as error:
            self.errors.append(error)
        finally:
            connections.close_all()

    def once(self):
        raise NotImplementedError


class _Writers(_Going):
    def __init__(self, tenant_id, product_id):
        super().__init__()
        self.tenant_id, self.product_id, self.placed, self.random = tenant_id, product_id, 0, random.Random(5)

    def once(self):
        with tenant(self.tenant_id):
            order = place(line(self.product_id))
            self.placed += 1
            if self.random.random() < 0.3:
                cancel(order)


class _Consumers(_Going):
    def once(self):
        handle_everything()
