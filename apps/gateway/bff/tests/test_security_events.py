"""What the gateway tells is kept in Redis while the security log is away, and told in order when it is back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone
from django_redis import get_redis_connection

from apps.core.history import Actor, Origin, coming_from
from apps.core.tenancy import PLATFORM, tenant
from apps.gateway.bff import security_events, tasks
from apps.gateway.bff.tests.conftest import identity

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def database_away() -> Iterator[None]:
    """Nobody listens where iam's database was."""
    connection = connections["default"]
    connection.close()
    port, connection.settings_dict["PORT"] = connection.settings_dict["PORT"], "9"
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["PORT"] = port


@pytest.fixture
def told() -> Callable[[], list[Any]]:
    """What lies in the platform's log, in order."""
    log: Any = import_module("apps.core.events.log")

    def events() -> list[Any]:
        with tenant(PLATFORM):
            return [envelope.event() for envelope in log.stream(security_events.NOBODY, using="default")]

    return events


def waiting() -> int:
    return int(get_redis_connection("sessions").llen(security_events._WAITING))


def tell(*reasons: str) -> None:
    for reason in reasons:
        security_events.tell("sign_in.failed", reason=reason)


class TestTell:
    def test_records_at_once_while_all_is_well(self, told: Any) -> None:
        tell("one")

        assert [event.reason for event in told()] == ["one"]
        assert waiting() == 0

    def test_waits_while_the_database_is_away_and_is_delivered_in_order(self, told: Any) -> None:
        before = timezone.now()
        with database_away(), coming_from(Origin("192.0.2.1", "curl/8")):
            tell("one", "two")
            assert waiting() == 2
        back = timezone.now()

        tasks.deliver_security_events()

        assert [event.reason for event in told()] == ["one", "two"]
        assert all(before <= event.occurred_at <= back for event in told())
        assert [(event.address, event.user_agent) for event in told()] == [("192.0.2.1", "curl/8")] * 2
        assert waiting() == 0

    def test_lets_earlier_ones_go_first(self, told: Any) -> None:
        with database_away():
            tell("one")

        tell("two")

        assert [event.reason for event in told()] == ["one", "two"]

    def test_waits_while_this_process_cannot_reach_the_service(self, told: Any, settings: Any) -> None:
        here, settings.SERVICES = settings.SERVICES, ["gateway"]
        tell("one")
        settings.SERVICES = here

        assert security_events.deliver() == 1
        assert [event.reason for event in told()] == ["one"]

    def test_keeps_who_it_was(self, settings: Any) -> None:
        person, company = uuid4(), identity.company("acme")
        with database_away():
            security_events.tell(
                "sign_out",
                subject_id=person,
                tenant_id=company.id,
                actor=Actor("user", person, "Ada"),
                session_id="sid",
            )

        security_events.deliver()

        log: Any = import_module("apps.core.events.log")
        with tenant(company.id):
            (event,) = [envelope.event() for envelope in log.stream(person, using="default")]
        assert (event.actor_kind, event.actor_id, event.actor_name, event.session_id) == ("user", person, "Ada", "sid")

    def test_is_bounded_and_tells_later_how_many_were_lost(self, told: Any, settings: Any) -> None:
        settings.GATEWAY_SECURITY_EVENTS_WAITING = 2
        with database_away():
            tell("one", "two", "three", "four")
            assert waiting() == 2

        security_events.deliver()

        assert [event.reason for event in told()] == ["one", "two", "the buffer of the gateway was full"]
        assert (told()[-1].kind, told()[-1].details) == ("audit.lost", {"count": "2"})
        security_events.deliver()
        assert len(told()) == 3

    def test_survives_that_redis_is_away_too(self, settings: Any, told: Any) -> None:
        away = {**settings.CACHES["sessions"], "LOCATION": "redis://127.0.0.1:9/0"}
        lost = security_events._lost._value.get()
        settings.CACHES = {**settings.CACHES, "sessions": away}
        with database_away():
            tell("gone")
        tell("one")

        assert security_events._lost._value.get() == lost + 1
        assert [event.reason for event in told()] == ["one"]


class TestDeliver:
    def test_records_once_what_was_recorded_when_the_process_died(self, told: Any) -> None:
        with database_away():
            tell("one")
        redis = get_redis_connection("sessions")
        (data,) = redis.lrange(security_events._WAITING, 0, -1)
        security_events.deliver()
        redis.rpush(security_events._WAITING, data)

        security_events.deliver()

        assert [event.reason for event in told()] == ["one"]

    def test_gives_up_what_can_never_be_told(self, told: Any) -> None:
        with database_away():
            tell("one")
            security_events.tell("gossip", reason="no such kind")
            tell("two")
        get_redis_connection("sessions").lpush(security_events._WAITING, b"no json")

        security_events.deliver()

        assert [event.reason for event in told()] == ["one", "two"]
        assert waiting() == 0

    def test_leaves_it_to_whoever_is_at_it(self, told: Any) -> None:
        with database_away():
            tell("one")
        lock = get_redis_connection("sessions").lock(security_events._DELIVERING, timeout=30)
        lock.acquire()

        assert security_events.deliver() == 0
        lock.release()
        assert security_events.deliver() == 1

    def test_is_of_when_it_happened(self, told: Any) -> None:
        with database_away():
            tell("one")
        security_events.deliver()

        assert timezone.now() - told()[0].occurred_at < timedelta(minutes=5)
