"""Transport `kafka`, second half: a group reads its topics from Kafka.

At least once: the place in a partition is committed after the effect. Kafka gives each partition to one reader of the
group; while that changes two may have the same event in hand, and the inbox lets one of them pass.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from functools import partial
from typing import Any

from confluent_kafka import Consumer as KafkaConsumer
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.core.events.consumer import Consumer
from apps.core.events.envelope import Envelope, decode
from apps.core.events.errors import InvalidMessage
from apps.core.events.in_hand import InHand
from apps.core.events.retry import retry_delay_s
from apps.core.events.subscriptions import Group
from apps.core.observability import get_logger

Place = tuple[str, int]

_POLL_S = 0.5
_BREATH_S = 1.0
_BATCH = 200
_BACKOFF_CAP_S = 5.0
_STUCK_MS = 300_000
_FENCED = "fenced by other consumer"  # librdkafka's words: the error's code says only that it is fatal

logger = get_logger(__name__)


class KafkaReader:
    """Reads a group's topics. Kafka gives each partition to one reader of the group.

    While events are in hand for longer, or the group is paused, its partitions are paused too: nothing more is fetched,
    and the reader still answers Kafka, so that it is not taken for dead.
    """

    def __init__(self, group: Group, consumer: Consumer, halt: threading.Event) -> None:
        self._group, self._consumer, self._halt = group, consumer, halt
        self._messages: list[Message] = []
        self._in_hand = InHand([])
        self._given_up: set[Place] = set()
        self._polled_at, self._holding = 0.0, False

    def run(self) -> None:
        """Returns when halted. Survives the broker's absence. Raises ImproperlyConfigured for somebody else's name."""
        failures = 0
        while not self._halt.is_set():
            client = KafkaConsumer(consumer_settings(self._group.name))
            self._consumer.breathe = partial(self._breathe, client)
            self._given_up.clear()
            try:
                client.subscribe(
                    sorted(self._group.topics), on_assign=self._take_over, on_revoke=self._hand_over, on_lost=self._lose
                )
                while not self._halt.is_set():
                    self.read_available(client)
                    failures = 0
            except KafkaException as error:
                _refuse_a_double(error)
                failures += 1
                logger.warning("events.kafka_away", group=self._group.name, failures=failures, error=str(error))
                self._halt.wait(retry_delay_s(failures, cap_s=_BACKOFF_CAP_S))
            finally:
                client.close()

    def read_available(self, client: KafkaConsumer, *, wait_s: float = _POLL_S) -> int:
        """Process what arrives within `wait_s`; returns how many messages were settled."""
        if not self._consumer.ready():
            self._answer(client, wait_s)
            return 0
        self._go_on(client)
        messages = _messages(client, wait_s)
        self._polled_at = time.monotonic()
        count = self._take(messages) if messages else 0
        self._commit(client, messages[:count])
        self._go_back_to(client, messages[count:])
        return count

    def _take(self, messages: list[Message]) -> int:
        self._messages, self._in_hand = messages, InHand(map(_envelope, messages), self._still_ours)
        try:
            return self._consumer.take_in_hand(self._in_hand)
        finally:
            self._messages = []

    def _still_ours(self, place: int) -> bool:
        """False for what was given up meanwhile: its new reader sees to that."""
        return _place(self._messages[place])[:2] not in self._given_up

    def _settled_of(self, going: set[Place]) -> list[Message]:
        """What is settled of these partitions, up to the first of each that is not."""
        settled, stopped = [], set[Place]()
        for place, message in enumerate(self._messages):
            partition = _place(message)[:2]
            if partition in going - stopped:
                if self._in_hand.is_settled(place):
                    settled.append(message)
                else:
                    stopped.add(partition)
        return settled

    def _breathe(self, client: KafkaConsumer) -> None:
        """In the middle of a batch: tell Kafka now and then that somebody is here, and let partitions move."""
        if self._messages and time.monotonic() - self._polled_at >= _BREATH_S:
            self._answer(client, 0)

    def _answer(self, client: KafkaConsumer, wait_s: float) -> None:
        """Poll without taking anything."""
        client.pause(client.assignment())
        self._holding = True
        message = client.poll(wait_s)
        self._polled_at = time.monotonic()
        if message is not None and _is_event(message):  # of a partition that came just now
            self._go_back_to(client, [message])

    def _go_on(self, client: KafkaConsumer) -> None:
        if self._holding:
            client.resume(client.assignment())
            self._holding = False

    def _commit(self, client: KafkaConsumer, messages: Iterable[Message]) -> None:
        """After the effects, never before. Not for others' partitions: they know better."""
        offsets = _offsets(message for message in messages if _place(message)[:2] not in self._given_up)
        if offsets:
            client.commit(offsets=offsets, asynchronous=False)

    def _take_over(self, client: KafkaConsumer, partitions: list[TopicPartition]) -> None:
        self._given_up -= {(one.topic, one.partition) for one in partitions}

    def _hand_over(self, client: KafkaConsumer, partitions: list[TopicPartition]) -> None:
        """Before a partition goes: commit what is settled of it, and let go of the rest."""
        going = {(one.topic, one.partition) for one in partitions}
        try:
            self._commit(client, self._settled_of(going))
        except KafkaException as error:  # its next reader finds the effects in the inbox
            logger.warning("events.kafka_not_committed", group=self._group.name, error=str(error))
        self._given_up |= going

    def _lose(self, client: KafkaConsumer, partitions: list[TopicPartition]) -> None:
        """Others have them already."""
        self._given_up |= {(one.topic, one.partition) for one in partitions}

    def _go_back_to(self, client: KafkaConsumer, unsettled: list[Message]) -> None:
        """What was fetched and not settled must come again, unless it goes to another reader anyway."""
        if self._halt.is_set():
            return
        first: dict[Place, int] = {}
        for message in unsettled:
            topic, partition, offset = _place(message)
            first.setdefault((topic, partition), offset)
        for (topic, partition), offset in first.items():
            if (topic, partition) not in self._given_up:
                client.seek(TopicPartition(topic, partition, offset))


def consumer_settings(group: str) -> dict[str, Any]:
    membership = {"group.instance.id": settings.KAFKA_INSTANCE_ID} if settings.KAFKA_INSTANCE_ID else {}
    return {
        **membership,
        "bootstrap.servers": ",".join(settings.KAFKA_BOOTSTRAP_SERVERS),
        "group.id": group,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": settings.KAFKA_SESSION_TIMEOUT_MS,
        "heartbeat.interval.ms": settings.KAFKA_SESSION_TIMEOUT_MS // 4,
        # Whoever is busy answers every second or so (`_breathe`); this is for one that is stuck.
        "max.poll.interval.ms": max(_STUCK_MS, settings.KAFKA_SESSION_TIMEOUT_MS),
        # What waits here for its turn, at most: the rest waits at the broker.
        "queued.min.messages": 2 * _BATCH,
        "queued.max.messages.kbytes": 16_384,
        "topic.metadata.refresh.interval.ms": 10_000,
        "allow.auto.create.topics": not settings.KAFKA_MANAGE_TOPICS,  # they would get the brokers' defaults
        "client.id": group,
        "logger": logging.getLogger("librdkafka"),
    }


def _refuse_a_double(error: KafkaException) -> None:
    """Two consumers of one name would throw each other out for ever. Raises ImproperlyConfigured."""
    if settings.KAFKA_INSTANCE_ID and _FENCED in str(error):
        raise ImproperlyConfigured(
            f"another worker has the KAFKA_INSTANCE_ID {settings.KAFKA_INSTANCE_ID!r}: each needs one of its own"
        ) from error


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
    if error.fatal() or error.code() == KafkaError._FATAL:
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
