"""The threads that bring a group its events, by the transport of the settings."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from django.conf import settings
from django.db import connections

from apps.core.events.consumer import Consumer
from apps.core.events.follower import Entry, Follower
from apps.core.events.subscriptions import Group
from apps.core.observability import get_logger

logger = get_logger(__name__)


class Reader(Protocol):
    """Something that reads until it is halted."""

    def run(self) -> None: ...


def log_reader(alias: str, group: Group, consumer: Consumer, halt: threading.Event) -> Follower[Entry]:
    """The reader of one database's log for a group (transport `postgres`)."""

    def take(entries: list[Entry]) -> int:
        return consumer.take([entry.envelope for entry in entries])

    def wants(entry: Entry) -> bool:
        return entry.envelope is not None and group.wants(entry.envelope.event_type)

    return Follower(alias, group.name, take, halt, consumer.ready, wants)


def readers_of(group: Group, consumer: Consumer, halt: threading.Event) -> list[Reader]:
    """What reads for a group: one thread for each log that has its topics, or one Kafka consumer for all of them."""
    if settings.EVENTS_TRANSPORT == "kafka":
        from apps.core.events.kafka_reader import KafkaReader  # loads librdkafka

        return [KafkaReader(group, consumer, halt)]
    return [log_reader(alias, group, consumer, halt) for alias in group.sources]


class Consumers:
    """The readers of some groups, each in a thread of its own. `on_death` is called when one ends unasked."""

    def __init__(self, groups: list[Group], on_death: Callable[[BaseException], None]) -> None:
        self._halt = threading.Event()
        self._on_death = on_death
        self._threads = [thread for group in groups for thread in self._threads_of(group)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def halt(self) -> None:
        """Fetch no more; the event in hand is finished."""
        self._halt.set()

    def join(self, timeout_s: float) -> None:
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout_s)

    def _threads_of(self, group: Group) -> list[threading.Thread]:
        consumer = Consumer(group, halt=self._halt)
        return [
            threading.Thread(target=self._run, args=(reader, consumer), name=f"events {group.name}", daemon=True)
            for reader in readers_of(group, consumer, self._halt)
        ]

    def _run(self, reader: Reader, consumer: Consumer) -> None:
        try:
            reader.run()
            consumer.report()
        except BaseException as error:
            logger.exception("events.consumer_died")
            self._on_death(error)
        finally:
            connections.close_all()
