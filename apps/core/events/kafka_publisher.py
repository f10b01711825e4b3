"""Transport `kafka`, first half: the relay publishes the log.

At least once: the place in the log is stored after the broker has acknowledged. Within a key the order is exact, also
when a part of it is sent again. Imports no models, so that the relay starts fast.
"""

from __future__ import annotations

import logging
import threading
from functools import cache
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from django.conf import settings

from apps.core.events import kafka_topics
from apps.core.events.database import TransportDown
from apps.core.events.envelope import Envelope, encode
from apps.core.events.follower import Entry, Follower

_FLUSH_S = 0.5


class Publication(Follower):
    """The reader of a database's log whose effect is publishing to Kafka, into topics that are there."""

    def __init__(self, alias: str, halt: threading.Event) -> None:
        super().__init__(alias, settings.KAFKA_PUBLICATION, Publisher(halt).publish, halt)

    def run(self) -> None:
        """Returns when halted. Survives the absence of server and broker."""
        kafka_topics.keep(self._halt)
        super().run()


class Publisher:
    """Sends entries of the log to Kafka. An error means that some may have arrived: they are sent again."""

    def __init__(self, halt: threading.Event) -> None:
        self._halt = halt
        self._producer: Producer | None = None
        self._failed: KafkaError | None = None

    def publish(self, entries: list[Entry]) -> int:
        """Returns when the broker has acknowledged all (0 when halted before). Raises TransportDown."""
        try:
            sent = all(self._send(entry.topic, entry.envelope) for entry in entries if entry.envelope is not None)
            done = self._flush() and sent
        except KafkaException as error:
            self._give_up()
            raise TransportDown(f"Kafka refuses an event: {error}") from error
        if self._failed is not None:
            error_text = str(self._failed)
            self._give_up()
            raise TransportDown(f"Kafka did not take an event: {error_text}")
        return len(entries) if done else 0

    def _send(self, topic: str, envelope: Envelope) -> bool:
        """Hand a message to librdkafka; False when halted before it had room."""
        if self._producer is None:
            self._producer = Producer(producer_settings())
        message: dict[str, Any] = {
            "key": str(envelope.aggregate_id),
            "value": encode(envelope),
            "headers": headers(topic, envelope),
            "on_delivery": self._delivered,
        }
        while not self._halt.is_set():
            try:
                self._producer.produce(topic, **message)
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

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failed = error

    def _give_up(self) -> None:
        """Forget what is on its way; a new producer begins again behind the stored place."""
        if self._producer is not None:
            self._producer.purge()
        self._producer = self._failed = None


def headers(topic: str, envelope: Envelope) -> list[tuple[str, str | bytes | None]]:
    """The envelope as CloudEvents 1.0 attributes (Kafka protocol binding §3.2.3), so that brokers' tools can route."""
    metadata = envelope.metadata
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": str(envelope.event_id),
        "ce_type": envelope.event_type,
        "ce_source": f"/{topic.replace('.', '/')}",
        "ce_subject": str(envelope.aggregate_id),
        "ce_time": envelope.timestamp.isoformat().replace("+00:00", "Z"),
        "ce_dataschema": f"{settings.BASE_URL}/api/v1/event-types/{envelope.event_type}/{envelope.version}/schema",
        "ce_dataschemaversion": str(envelope.version),
        "ce_partitionkey": str(envelope.aggregate_id),
        "ce_sequence": str(metadata.sequence),
        "ce_tenantid": str(metadata.tenant_id),
        "ce_correlationid": metadata.correlation_id,
        "ce_causationid": str(metadata.causation_id),
        "content-type": "application/json",
        "traceparent": metadata.traceparent,
    }
    return [(name, value) for name, value in attributes.items() if value]


def producer_settings() -> dict[str, Any]:
    """librdkafka's: idempotent, acknowledged by all replicas, never given up while the log waits."""
    return {
        "bootstrap.servers": ",".join(settings.KAFKA_BOOTSTRAP_SERVERS),
        "enable.idempotence": True,
        "acks": "all",
        "compression.type": _compression(),
        "linger.ms": 2,
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
