"""Transport `kafka`, second half: a group reads its topics from Kafka.

At least once: the place in a partition is committed after the effect. Kafka gives each partition to one reader of the
group; while that changes two may have the same event in hand, and the inbox lets one of them pass.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from typing import Any

from confluent_kafka import Consumer as KafkaConsumer
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition
from django.conf import settings

from apps.core.events.consumer import Consumer
from apps.core.events.envelope import Envelope, decode
from apps.core.events.errors import InvalidMessage
from apps.core.events.retry import retry_delay_s
from apps.core.events.subscriptions import Group
from apps.core.observability import get_logger

_POLL_S = 0.5
_BATCH = 200
_BACKOFF_CAP_S = 5.0

logger = get_logger(__name__)


class KafkaReader:
    """Reads a group's topics. Kafka gives each partition to one reader of the group."""

    def __init__(self, group: Group, consumer: Consumer, halt: threading.Event) -> None:
        self._group, self._consumer, self._halt = group, consumer, halt

    def run(self) -> None:
        """Returns when halted. Survives the broker's absence."""
        failures = 0
        while not self._halt.is_set():
            client = KafkaConsumer(consumer_settings(self._group.name))
            try:
                client.subscribe(sorted(self._group.topics))
                while not self._halt.is_set():
                    self.read_available(client)
                    failures = 0
            except KafkaException as error:
                failures += 1
                logger.warning("events.kafka_away", group=self._group.name, failures=failures, error=str(error))
                self._halt.wait(retry_delay_s(failures, cap_s=_BACKOFF_CAP_S))
            finally:
                client.close()

    def read_available(self, client: KafkaConsumer, *, wait_s: float = _POLL_S) -> int:
        """Process what arrives within `wait_s`; returns how many messages were settled."""
        messages = _messages(client, wait_s)
        if self._consumer.suspended:
            client.pause(client.assignment())
            return 0
        count = self._consumer.take([_envelope(message) for message in messages]) if messages else 0
        if count:
            client.commit(offsets=_offsets(messages[:count]), asynchronous=False)
        self._go_back_to(client, messages[count:])
        return count

    def _go_back_to(self, client: KafkaConsumer, unsettled: list[Message]) -> None:
        """What was fetched and not settled must come again, unless it goes to another reader anyway."""
        if self._halt.is_set():
            return
        first: dict[tuple[str, int], int] = {}
        for message in unsettled:
            topic, partition, offset = _place(message)
            first.setdefault((topic, partition), offset)
        for (topic, partition), offset in first.items():
            client.seek(TopicPartition(topic, partition, offset))


def consumer_settings(group: str) -> dict[str, Any]:
    return {
        "bootstrap.servers": ",".join(settings.KAFKA_BOOTSTRAP_SERVERS),
        "group.id": group,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": settings.KAFKA_SESSION_TIMEOUT_MS,
        "heartbeat.interval.ms": settings.KAFKA_SESSION_TIMEOUT_MS // 4,
        "topic.metadata.refresh.interval.ms": 10_000,
        "allow.auto.create.topics": not settings.KAFKA_MANAGE_TOPICS,  # they would get the brokers' defaults
        "client.id": group,
        "logger": logging.getLogger("librdkafka"),
    }


def _messages(client: KafkaConsumer, wait_s: float) -> list[Message]:
    """The first message as soon as it is there, and all others by then: `consume` alone waits for a full batch."""
    first = client.poll(wait_s)
    if first is None:
        return []
    return [message for message in (first, *client.consume(_BATCH - 1, timeout=0)) if _is_event(message)]


def _is_event(message: Message) -> bool:
    error = message.error()
    if error is None:
        return True
    if error.fatal():
        raise KafkaException(error)
    unborn = error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART  # nobody has published to it yet
    (logger.debug if unborn else logger.warning)("events.kafka_says", error=str(error))
    return False


def _envelope(message: Message) -> Envelope | None:
    """None for what is no event of ours: it names no tenant whose dead letter it could be. It stays in the topic."""
    try:
        return decode(message.value() or b"")
    except InvalidMessage as error:
        logger.error(
            "events.unreadable",
            topic=message.topic(),
            partition=message.partition(),
            offset=message.offset(),
            error=str(error),
        )
        return None


def _offsets(messages: Iterable[Message]) -> list[TopicPartition]:
    """The place behind the last of them in each partition."""
    behind: dict[tuple[str, int], int] = {}
    for message in messages:
        topic, partition, offset = _place(message)
        behind[topic, partition] = offset + 1
    return [TopicPartition(topic, partition, offset) for (topic, partition), offset in behind.items()]


def _place(message: Message) -> tuple[str, int, int]:
    """Topic, partition, offset: known of every message that a consumer received."""
    return str(message.topic()), int(message.partition() or 0), int(message.offset() or 0)
