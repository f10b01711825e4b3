"""How far groups are behind their topics in Kafka: the high watermarks against what each group has committed."""

from __future__ import annotations

import logging
from collections import defaultdict
from functools import cache

from confluent_kafka import Consumer as KafkaConsumer
from confluent_kafka import KafkaException, TopicPartition
from django.conf import settings

from apps.core.events.fleet import Lag
from apps.core.events.subscriptions import Group
from apps.core.observability import get_logger

_TIMEOUT_S = 2.0

logger = get_logger(__name__)


def lags_of(groups: list[Group]) -> dict[str, list[Lag]]:
    """The lag of each group in each of its topics; unknown while the broker does not answer within some seconds."""
    ends: dict[tuple[str, int], int] = {}
    found: dict[str, list[Lag]] = {}
    for group in groups:
        try:
            found[group.name] = _lags(group, ends)
        except KafkaException as error:
            logger.warning("events.kafka_lag_unknown", group=group.name, error=str(error))
            found[group.name] = [Lag(topic, None) for topic in sorted(group.topics)]
    return found


def _lags(group: Group, ends: dict[tuple[str, int], int]) -> list[Lag]:
    client = _client(group.name)
    partitions = _partitions(client, group)
    behind: dict[str, int] = defaultdict(int)
    for committed in client.committed(partitions, timeout=_TIMEOUT_S):
        place = committed.topic, committed.partition
        if place not in ends:
            ends[place] = _end(client, committed)
        behind[committed.topic] += max(0, ends[place] - max(0, committed.offset))
    return [Lag(topic, behind[topic]) for topic in sorted(group.topics)]


def _partitions(client: KafkaConsumer, group: Group) -> list[TopicPartition]:
    """Those of the group's topics that exist."""
    known = client.list_topics(timeout=_TIMEOUT_S).topics
    return [
        TopicPartition(topic, number) for topic in group.topics if topic in known for number in known[topic].partitions
    ]


def _end(client: KafkaConsumer, partition: TopicPartition) -> int:
    _, high = client.get_watermark_offsets(partition, timeout=_TIMEOUT_S)
    return int(high)


@cache
def _client(group: str) -> KafkaConsumer:
    """A client that asks in the name of the group and never joins it. Kept: it holds a connection or two."""
    return KafkaConsumer(
        {
            "bootstrap.servers": ",".join(settings.KAFKA_BOOTSTRAP_SERVERS),
            "group.id": group,
            "enable.auto.commit": False,
            "allow.auto.create.topics": False,
            "client.id": "lag",
            "logger": logging.getLogger("librdkafka"),
        }
    )
