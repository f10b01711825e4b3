"""Transport `kafka`, first half: the relay publishes the log.

At least once: the place in the log is stored after the broker has acknowledged. Within a key the order is exact, also
when a part of it is sent again. Imports no models, so that the relay starts fast.
"""

from __future__ import annotations

import logging
import threading
from functools import cache, lru_cache
from typing import Any

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message, Producer
from django.conf import settings

from apps.core.events import kafka_topics
from apps.core.events.database import TransportDown
from apps.core.events.follower import Follower
from apps.core.events.rows import ENVELOPE, TIME

_FLUSH_S = 0.5
# Acknowledged together: mostly less waits, but after an outage the waiting for the broker would cost most. More than
# this does not fit into a core's cache, and costs more for each.
_AT_MOST = 2000

# PostgreSQL writes what is sent, and beside it what the headers tell; here nothing is parsed or written again.
COLUMNS = (
    f"{ENVELOPE}, event.type, event.version, event.id::text, event.aggregate_id::text, {TIME}, event.sequence::text, "
    "event.tenant_id::text, event.correlation_id, event.causation_id::text, event.traceparent"
)
_KEY = 3

Header = tuple[str, str | bytes | None]


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """What is sent for one place in the log. `topic` None: nothing is there any more."""

    position: int
    topic: str | None
    key: str = ""
    value: str = ""
    headers: list[Header] | None = None


class Publication(Follower[Outgoing]):
    """The reader of a database's log whose effect is publishing to Kafka, into topics that are there."""

    columns = COLUMNS

    def __init__(self, alias: str, halt: threading.Event) -> None:
        super().__init__(alias, settings.KAFKA_PUBLICATION, Publisher(halt).publish, halt)
        self.at_most = _AT_MOST

    @staticmethod
    def entry_of(row: tuple[Any, ...]) -> Outgoing:
        position, topic, envelope, *told = row
        if topic is None:
            return Outgoing(position, None)
        return Outgoing(position, topic, told[_KEY], envelope, headers(topic, *told))

    def run(self) -> None:
        """Returns when halted. Survives the absence of server and broker."""
        kafka_topics.keep(self._halt)
        super().run()


class Publisher:
    """Sends what lies in the log to Kafka. An error means that some may have arrived: they are sent again."""

    def __init__(self, halt: threading.Event) -> None:
        self._halt = halt
        self._producer: Producer | None = None
        self._failed: KafkaError | None = None

    def publish(self, entries: list[Outgoing]) -> int:
        """Returns when the broker has acknowledged all (0 when halted before). Raises TransportDown."""
        try:
            sent = all(self._send(entry) for entry in entries if entry.topic is not None)
            done = self._flush() and sent
        except KafkaException as error:
            self._give_up()
            raise TransportDown(f"Kafka refuses an event: {error}") from error
        if self._failed is not None:
            error_text = str(self._failed)
            self._give_up()
            raise TransportDown(f"Kafka did not take an event: {error_text}")
        return len(entries) if done else 0

    def _send(self, entry: Outgoing) -> bool:
        """Hand a message to librdkafka; False when halted before it had room."""
        if self._producer is None:
            self._producer = Producer({**producer_settings(), "on_delivery": self._not_delivered})
        while not self._halt.is_set():
            try:
                self._producer.produce(entry.topic or "", entry.value, entry.key, headers=entry.headers)
                return True
            except BufferError:  # the local queue is full: let some go first
                self._producer.poll(_FLUSH_S)
        return False

    def _flush(self) -> bool:
        """Wait until nothing is on its way; False when halted before."""
        while self._producer is not None and self._producer.flush(_FLUSH_S):
            if self._halt.is_set():
                self._give_up()
                return False
        return True

    def _not_delivered(self, error: KafkaError | None, message: Message) -> None:
        self._failed = error or self._failed

    def _give_up(self) -> None:
        """Forget what is on its way; a new producer begins again behind the stored place."""
        if self._producer is not None:
            self._producer.purge()
        self._producer = self._failed = None


def headers(
    topic: str,
    type_: str,
    version: int,
    id_: str,
    key: str,
    time: str,
    sequence: str,
    tenant: str,
    correlation: str,
    causation: str,
    parent: str,
) -> list[Header]:
    """An event as CloudEvents 1.0 attributes (Kafka protocol binding §3.2.3), so that brokers' tools can route."""
    told = [
        *_of_its_kind(settings.BASE_URL, topic, type_, version),
        ("ce_id", id_),
        ("ce_subject", key),
        ("ce_time", time),
        ("ce_partitionkey", key),
        ("ce_sequence", sequence),
        ("ce_tenantid", tenant),
        ("ce_correlationid", correlation),
        ("ce_causationid", causation),
        ("traceparent", parent),
    ]
    return told if correlation and parent else [header for header in told if header[1]]


@lru_cache(maxsize=1024)
def _of_its_kind(base_url: str, topic: str, event_type: str, version: int) -> tuple[Header, ...]:
    """What is the same for all events of a type."""
    return (
        ("ce_specversion", "1.0"),
        ("ce_type", event_type),
        ("ce_source", f"/{topic.replace('.', '/')}"),
        ("ce_dataschema", f"{base_url}/api/v1/event-types/{event_type}/{version}/schema"),
        ("ce_dataschemaversion", str(version)),
        ("content-type", "application/json"),
    )


def producer_settings() -> dict[str, Any]:
    """librdkafka's: idempotent, acknowledged by all replicas, never given up while the log waits."""
    return {
        "bootstrap.servers": ",".join(settings.KAFKA_BOOTSTRAP_SERVERS),
        "enable.idempotence": True,
        "acks": "all",
        "compression.type": _compression(),
        "linger.ms": 2,
        "delivery.report.only.error": True,  # for each of the others Python would be called for nothing
        "client.id": "relay",
        "logger": logging.getLogger("librdkafka"),
    }


@cache
def _compression() -> str:
    """zstd, or gzip where librdkafka was built without it."""
    try:
        Producer({"compression.type": "zstd"})
    except KafkaException:
        return "gzip"
    return "zstd"
