"""Topics as code: those that events declare are made where they are missing, and compared where they are there.

What differs is said and left alone: more partitions would send keys to other ones, and break their order.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic  # type: ignore[attr-defined]
from django.conf import settings

from apps.core.events import catalogue
from apps.core.events.retry import retry_delay_s
from apps.core.observability import get_logger

_TIMEOUT_S = 10.0
_BACKOFF_CAP_S = 5.0
_RETENTION = "retention.ms"
_BROKERS_OWN = -1

logger = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it should be, or as it is. A replication of -1 is whatever the brokers do by default."""

    name: str
    partitions: int
    replication: int
    retention_ms: int


def wanted() -> list[Topic]:
    """The topics of every event that the platform publishes."""
    return [
        Topic(
            name, settings.KAFKA_TOPIC_PARTITIONS, settings.KAFKA_TOPIC_REPLICATION, settings.KAFKA_TOPIC_RETENTION_MS
        )
        for name in catalogue.topics()
    ]


def keep(halt: threading.Event) -> None:
    """Make what is missing and say what differs; waits for a broker that is away. Returns when done or halted."""
    failures = 0
    while settings.KAFKA_MANAGE_TOPICS and not halt.is_set():
        try:
            for sentence in bring_about(wanted()):
                logger.warning("events.topic_differs", what=sentence)
            return
        except KafkaException as error:
            failures += 1
            logger.warning("events.topics_wait", failures=failures, error=str(error))
            halt.wait(retry_delay_s(failures, cap_s=_BACKOFF_CAP_S))


def bring_about(topics: Iterable[Topic], *, make: bool = True) -> list[str]:
    """Make the topics that are missing; returns a sentence for each that could not be made or is another than wanted.

    With `make=False` missing ones are only told. Safe to repeat, and at once by several. Raises KafkaException when
    the brokers do not answer.
    """
    client = _client()
    chosen = list(topics)
    there = found(client, [topic.name for topic in chosen])
    missing = [topic for topic in chosen if topic.name not in there]
    sentences = _make(client, missing) if make else [f"topic {topic.name} is missing" for topic in missing]
    return sentences + [
        sentence for topic in chosen if topic.name in there for sentence in differences(topic, there[topic.name])
    ]


def differences(topic: Topic, there: Topic) -> list[str]:
    """In words, what a topic has other than it should."""
    pairs = {
        "partitions": (topic.partitions, there.partitions),
        "replicas": (topic.replication, there.replication),
        _RETENTION: (topic.retention_ms, there.retention_ms),
    }
    return [
        f"topic {topic.name} has {is_} {what}, wanted are {want}"
        for what, (want, is_) in pairs.items()
        if want != is_ and not (what == "replicas" and want == _BROKERS_OWN)
    ]


def found(client: AdminClient, names: list[str]) -> dict[str, Topic]:
    """Which of these topics the brokers have, by name. Raises KafkaException."""
    known = client.list_topics(timeout=_TIMEOUT_S).topics
    names = [name for name in names if name in known and known[name].error is None]
    retention = _retention(client, names)
    return {name: _topic(known[name], retention[name]) for name in names}


def _client() -> AdminClient:
    brokers = ",".join(settings.KAFKA_BOOTSTRAP_SERVERS)
    options: dict[str, Any] = {"bootstrap.servers": brokers, "logger": logging.getLogger("librdkafka")}
    return AdminClient(options)


def _topic(there: Any, retention_ms: int) -> Topic:
    partitions = list(there.partitions.values())
    return Topic(str(there.topic), len(partitions), min(len(one.replicas) for one in partitions), retention_ms)


def _retention(client: AdminClient, names: list[str]) -> dict[str, int]:
    resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names]
    asked = client.describe_configs(resources, request_timeout=_TIMEOUT_S) if resources else {}
    return {resource.name: int(answer.result()[_RETENTION].value) for resource, answer in asked.items()}


def _make(client: AdminClient, missing: list[Topic]) -> list[str]:
    new = [
        NewTopic(topic.name, topic.partitions, topic.replication, config={_RETENTION: str(topic.retention_ms)})
        for topic in missing
    ]
    made = client.create_topics(new, request_timeout=_TIMEOUT_S) if new else {}
    return [sentence for name, answer in made.items() if (sentence := _refusal(name, answer))]


def _refusal(name: str, answer: Future[None]) -> str:
    """Empty when the topic is there now. Raises KafkaException when the brokers did not answer."""
    try:
        answer.result()
    except KafkaException as error:
        code = error.args[0].code()
        if code == KafkaError.TOPIC_ALREADY_EXISTS:
            return ""
        if code in (KafkaError._TIMED_OUT, KafkaError._TRANSPORT):
            raise
        return f"topic {name} could not be made: {error.args[0].str()}"
    return ""
