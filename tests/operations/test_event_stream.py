"""A tenant's events are told as they happen, each once, in order, to nobody else, however often a client is cut off."""

from __future__ import annotations

import asyncio
import json
import queue
import threading
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from itertools import cycle
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.core.events import UnitOfWork, tail
from apps.core.events.database import connect
from apps.core.events.relay import Relay
from apps.core.events.tail import LogPlace
from apps.core.events.testing import run_relay_once
from apps.core.events.tests.things import ThingHappened, ThingRemembered
from apps.core.history import SYSTEM
from apps.core.operations import event_stream
from apps.core.operations.event_ids import id_of
from apps.core.tenancy import tenant
from apps.core.web.threads import ThreadPool
from apps.iam.users import commands as users

pytestmark = pytest.mark.django_db(databases=["default", "business"], transaction=True)
PATH = "/api/v1/services/business/events/stream"
PATIENCE_S = 30


class Process:
    """What a web process has, for its streams: a loop and a pool of threads."""

    def __init__(self):
        self.loop, self.threads, self.wsgi = asyncio.new_event_loop(), ThreadPool(2, 8), WSGIHandler()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self):
        self.threads.start()
        self._thread.start()
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._cut_all(), self.loop).result(PATIENCE_S)
        both = threading.Barrier(self.threads.threads)
        for _ in range(self.threads.threads):
            self.threads.submit(lambda: (both.wait(PATIENCE_S), connections.close_all()))
        assert self.threads.stop(PATIENCE_S)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE_S)
        self.loop.close()

    @staticmethod
    async def _cut_all():
        """A test that failed leaves its streams open."""
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


class Listener:
    """A client of the stream's own route."""

    def __init__(self, process, caller, *, last_id="", **query):
        self.last_id, self.status, self._process = last_id, None, process
        self._blocks, self._gone = queue.Queue(), asyncio.Event()
        fields = [(b"authorization", f"Bearer {caller.token()}".encode()), (b"host", b"localhost")]
        scope = {
            "type": "http",
            "http_version": "1.1",
            "scheme": "http",
            "method": "GET",
            "path": PATH,
            "raw_path": PATH.encode(),
            "root_path": "",
            "query_string": urlencode(query).encode(),
            "headers": [*fields, *([(b"last-event-id", last_id.encode())] if last_id else [])],
            "client": ("127.0.0.1", 1),
            "server": ("localhost", 80),
            "state": {"threads": process.threads, "wsgi": process.wsgi},
        }
        route = import_string(settings.STREAM_ROUTES[PATH])
        self._run = asyncio.run_coroutine_threadsafe(route(scope, self._receive, self._send), process.loop)

    async def _receive(self):
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        for block in message.get("body", b"").decode().split("\n\n"):
            self._blocks.put(block)

    def block(self):
        """What comes next, by the names of its fields."""
        while True:
            lines = [line for line in self._blocks.get(timeout=PATIENCE_S).split("\n") if line[:1] not in ("", ":")]
            if lines:
                found = dict(line.split(": ", 1) for line in lines)
                self.last_id = found.get("id", self.last_id)
                return found

    def begun(self):
        assert "data" not in self.block()
        return self

    def event(self):
        while "data" not in (found := self.block()):
            pass
        return json.loads(found["data"])

    def ended(self):
        """Wait for the end; returns the events that came before it."""
        self._run.result(PATIENCE_S)
        rest = [self._blocks.get() for _ in range(self._blocks.qsize())]
        return [block for block in rest if "data: " in block]

    def cut(self):
        self._process.loop.call_soon_threadsafe(self._gone.set)
        self._run.result(PATIENCE_S)


@pytest.fixture
def process():
    with Process() as process:
        yield process


def happen(tenant_id, *events):
    with tenant(tenant_id):
        for event in events:
            with transaction.atomic(using="business"):
                UnitOfWork("business").publish(event)


def thing(number, thing_id=None):
    return ThingHappened(thing_id=thing_id or uuid4(), number=number)


@contextmanager
def relaying():
    halt = threading.Event()
    thread = threading.Thread(target=Relay("business", halt).run)
    thread.start()
    try:
        yield
    finally:
        halt.set()
        thread.join(PATIENCE_S)


def written(tenant_id, thing_id, count):
    """A thread in which so much happens to one thing."""

    def write():
        try:
            happen(tenant_id, *(thing(number, thing_id) for number in range(1, count + 1)))
        finally:
            connections.close_all()

    return threading.Thread(target=write)


class TestAStream:
    def test_goes_on_after_each_cut_while_others_write(self, process, caller, other_tenant_id, monkeypatch):
        monkeypatch.setattr(tail, "MOST_PLACES", 9)
        monkeypatch.setattr(tail, "MOST_EVENTS", 4)
        mine, each, things = caller("owner"), 40, [uuid4() for _ in range(3)]
        writers = [written(mine.tenant_id, one, each) for one in things] + [written(other_tenant_id, uuid4(), each)]
        told = defaultdict(list)

        with ExitStack() as running:
            processes = cycle([process, running.enter_context(Process())])
            listener = Listener(next(processes), mine).begun()
            running.enter_context(relaying())
            for writer in writers:
                writer.start()
            for length in cycle([0, 1, 7, 2, 30]):
                for _ in range(min(length, each * len(things) - sum(map(len, told.values())))):
                    event = listener.event()
                    told[event["aggregate_id"]].append(event["payload"]["number"])
                listener.cut()
                if sum(map(len, told.values())) == each * len(things):
                    break
                listener = Listener(next(processes), mine, last_id=listener.last_id)
            for writer in writers:
                writer.join(PATIENCE_S)
            happen(mine.tenant_id, thing(99))
            listener = Listener(process, mine, last_id=listener.last_id)
            last = listener.event()["payload"]["number"]
            listener.cut()

        assert told == {str(one): list(range(1, each + 1)) for one in things}
        assert last == 99

    def test_tells_only_what_was_asked_for_as_the_list_does(self, process, caller, other_tenant_id, monkeypatch):
        monkeypatch.setattr(tail, "MOST_PLACES", 2)  # of others there are as many
        mine, thing_id = caller("owner"), uuid4()
        wishes = {"topic": "business.things"}, {"event_type": "ThingRemembered"}, {"aggregate_id": thing_id}
        listeners = [Listener(process, mine, **wish).begun() for wish in wishes]

        happen(other_tenant_id, thing(1, thing_id), ThingRemembered(thing_id=thing_id))
        happen(mine.tenant_id, thing(2), ThingRemembered(thing_id=uuid4()), thing(3, thing_id))
        run_relay_once("business")
        told = [listener.event() for listener in listeners]
        for listener in listeners:
            listener.cut()

        days = {"since": "2020-01-01", "until": "2999-01-01"}
        listed = mine.client().get(PATH.removesuffix("/stream"), days).json()["data"]
        assert told == listed

    def test_begins_where_it_is_told_to(self, process, caller):
        mine = caller("owner")
        happen(mine.tenant_id, thing(1))
        run_relay_once("business")
        fresh, whole = Listener(process, mine).begun(), Listener(process, mine, since="2020-01-01")

        later = []
        for number in (2, 3, 4):
            happen(mine.tenant_id, thing(number))
            run_relay_once("business")
            later.append(fresh.event()["payload"]["number"])
        first = whole.event()["payload"]["number"]
        again = Listener(process, mine, after=whole.last_id, since="2020-01-01")
        second = again.event()["payload"]["number"]
        for one in (fresh, whole, again):
            one.cut()

        assert (first, later, second) == (1, [2, 3, 4], 2)

    def test_ends_before_it_tells_what_the_caller_may_not_read_any_more(self, process, caller, monkeypatch):
        monkeypatch.setattr(event_stream, "FRESH_S", 0)
        mine = caller("owner")
        listener = Listener(process, mine).begun()

        caller("owner")  # the last one must stay
        with tenant(mine.tenant_id):
            users.change_roles(user_id=mine.user_id, roles_held=["manager"], actor=SYSTEM, now=timezone.now())
        happen(mine.tenant_id, thing(1))
        run_relay_once("business")

        assert listener.ended() == []

    def test_is_one_of_few_that_a_caller_may_have(self, process, caller, settings):
        settings.EVENTS_STREAMS_PER_CALLER = 1
        mine = caller("owner")
        first = Listener(process, mine).begun()

        second = Listener(process, mine)
        second.ended()
        first.cut()
        third = Listener(process, mine).begun()
        third.cut()

        assert (second.status, second.headers[b"retry-after"]) == (429, b"10")
        assert (first.status, third.status) == (200, 200)


class TestAnId:
    def test_of_somewhere_else_is_refused_before_the_stream_begins(self, caller, other_tenant_id):
        client, tenant_id = caller("owner").client(), caller("owner").tenant_id
        end = LogPlace(0)
        with tenant(other_tenant_id):
            foreign = id_of(end, service="business")
        with tenant(tenant_id):
            elsewhere, here = id_of(end, service="iam"), id_of(end, service="business")

        for wrong in (foreign, elsewhere, "7", "é", here[:-2], "A" * 54):
            refused = client.get(PATH, headers={"last-event-id": wrong})
            assert (refused.status_code, refused.json()["code"]) == (400, "unknown_event_id"), wrong
        for right in ({"headers": {"last-event-id": here}}, {"data": {"after": here}}, {}):
            begun = client.get(PATH, **right)
            assert (begun.status_code, begun["content-type"]) == (200, "text/event-stream")

    def test_of_what_is_not_there_any_more_says_what_to_do(self, caller):
        mine = caller("owner")
        client = mine.client()
        happen(mine.tenant_id, thing(1))
        run_relay_once("business")
        with tenant(mine.tenant_id):
            known = tail.end(using="business")
            given_anew = id_of(LogPlace(known.position, uuid4()), service="business")
            kept = id_of(known, service="business")

        assert client.get(PATH, {"after": kept}).status_code == 200
        gone = [client.get(PATH, {"after": given_anew})]
        with connect("business", "test") as connection:
            connection.execute(
                "insert into events_archive values (%s, '2020-02-01', 'a', 1, 'a', 1, %s, now())",
                [mine.tenant_id, known.position + 1],
            )
        gone += [client.get(PATH, {"after": kept}), client.get(PATH, {"since": "2020-02-28"})]

        assert [(one.status_code, one.json()["code"]) for one in gone] == [(410, "place_gone")] * 3
        assert gone[1].json()["kept_since"] == "2020-03-01T00:00:00+00:00"
        assert client.get(PATH, {"since": "2020-03-01"}).status_code == 200
