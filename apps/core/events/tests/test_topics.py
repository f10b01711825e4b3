"""Topics are made from what events declare, and nothing that is there is changed."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from apps.core.events import kafka_topics
from apps.core.events.kafka_topics import Topic, bring_about, differences
from apps.core.events.tests.processes import until

REAL_BROKER = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "")
TOPIC = Topic("business.orders", partitions=12, replication=3, retention_ms=1000)


class TestATopic:
    def test_is_wanted_for_every_event_as_the_settings_say(self, settings):
        settings.KAFKA_TOPIC_PARTITIONS = 7

        assert Topic("business.orders", 7, -1, settings.KAFKA_TOPIC_RETENTION_MS) in kafka_topics.wanted()

    def test_that_differs_is_told_in_one_line_for_each_difference(self):
        there = replace(TOPIC, partitions=4, retention_ms=5)

        assert differences(TOPIC, there) == [
            "topic business.orders has 4 partitions, wanted are 12",
            "topic business.orders has 5 retention.ms, wanted are 1000",
        ]

    def test_may_have_as_many_replicas_as_the_brokers_give_it(self):
        assert differences(replace(TOPIC, replication=-1), TOPIC) == []


class TestNoBroker:
    def test_is_waited_for_until_halted(self, settings, monkeypatch):
        settings.KAFKA_BOOTSTRAP_SERVERS = ["127.0.0.1:1"]
        monkeypatch.setattr(kafka_topics, "_TIMEOUT_S", 0.1)
        halt = threading.Event()
        keeping = threading.Thread(target=kafka_topics.keep, args=(halt,))

        keeping.start()
        halt.set()
        keeping.join(30)

        assert not keeping.is_alive()

    def test_is_one_sentence_of_the_command(self, settings, monkeypatch):
        settings.KAFKA_BOOTSTRAP_SERVERS = ["127.0.0.1:1"]
        monkeypatch.setattr(kafka_topics, "_TIMEOUT_S", 0.1)

        with pytest.raises(CommandError, match="Kafka does not answer"):
            call_command("events", "topics")


@pytest.mark.skipif(not REAL_BROKER, reason="KAFKA_BOOTSTRAP_SERVERS names no broker")
class TestRealKafka:
    """librdkafka's mock cluster answers no administration."""

    @pytest.fixture(autouse=True)
    def _broker(self, settings):
        settings.KAFKA_BOOTSTRAP_SERVERS = REAL_BROKER.split(",")

    def test_real_kafka_gets_what_is_missing_and_keeps_what_differs(self):
        topic = Topic(f"business.made_{uuid4().hex}", partitions=3, replication=1, retention_ms=3_600_000)

        assert bring_about([topic], make=False) == [f"topic {topic.name} is missing"]
        assert bring_about([topic]) == []
        until(lambda: bring_about([topic], make=False) == [], what="the topic")
        assert bring_about([replace(topic, partitions=5)]) == [f"topic {topic.name} has 3 partitions, wanted are 5"]
        assert bring_about([replace(topic, replication=-1)]) == []

    def test_real_kafka_refuses_what_it_cannot_do_in_a_sentence(self):
        topic = Topic(f"business.wide_{uuid4().hex}", partitions=1, replication=9, retention_ms=1000)

        (sentence,) = bring_about([topic])

        assert sentence.startswith(f"topic {topic.name} could not be made: ")
