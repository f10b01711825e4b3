"""The relay with real publishing, to librdkafka's mock cluster in a process of its own, or to KAFKA_BOOTSTRAP_SERVERS.

Beside it what a plain outbox does: rows by the ORM, `json.dumps`, a callback for each message.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any
from uuid import uuid4

from confluent_kafka import Producer
from django.conf import settings

from apps.core.events.kafka_publisher import producer_settings
from apps.core.events.models import Event
from apps.core.events.tests.processes import environment
from apps.core.tenancy import tenant
from bench.events.sample import history, tenants
from bench.harness import ROOT, Bench

Asked = Callable[[str], str]

_PLAIN = 5_000
_MOCK = """
import sys
from confluent_kafka import Producer
cluster = Producer({"bootstrap.servers": "mock:1", "test.mock.num.brokers": 3, "log_level": 0})
print(",".join(f"{one.host}:{one.port}" for one in cluster.list_topics(timeout=20).brokers.values()), flush=True)
sys.stdin.read()
"""


def measure(bench: Bench, count: int) -> None:
    """The log is published from its beginning in each round."""
    history(count)
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "")
    with _mock() as mock, _relay(given or mock) as relay:
        settings.KAFKA_BOOTSTRAP_SERVERS = (given or mock).split(",")
        _plain()  # makes the topic
        used: list[float] = []
        rounds, bench.rounds = bench.rounds, 3
        bench.compare(
            f"Publishing {count:,} waiting events to {'a broker' if given else 'the mock cluster'}, all acknowledged",
            "events",
            {
                f"plain outbox: the ORM, json.dumps, a callback each, {_PLAIN:,} of them": _plain,
                "ours: the relay's publication": lambda: _ours(relay, used),
            },
            note="Goal: 50,000 a second and core of the relay.",
        )
        bench.rounds = rounds
    rate = count / sorted(used)[len(used) // 2]
    sys.stdout.write(f"  by the processor time of the publishing process: {rate:,.0f} events a second and core\n\n")


def _ours(relay: Asked, used: list[float]) -> int:
    done, seconds = relay(f"bench.{uuid4()}").split()
    used.append(float(seconds))
    return int(done)


def _plain() -> int:
    producer, failed = Producer(producer_settings()), []
    done = 0
    for owner in tenants():
        with tenant(owner):
            rows = Event.objects.using("business").order_by("recorded_at", "id")[: _PLAIN // 20]
            for row in rows:
                message = {"eventId": str(row.id), "eventType": row.type, "payload": row.payload}
                producer.produce(
                    row.topic,
                    json.dumps(message),
                    str(row.aggregate_id),
                    on_delivery=lambda error, _: failed.append(error) if error else None,
                )
                done += 1
            producer.flush()
    return done


@contextmanager
def _mock() -> Iterator[str]:
    with _process("-c", _MOCK) as (said, _):
        yield said.readline().strip()


@contextmanager
def _relay(brokers: str) -> Iterator[Asked]:
    """The publication in a process of its own, as it has one: here the whole platform is loaded beside it."""
    with _process("-m", "bench.events.publisher", KAFKA_BOOTSTRAP_SERVERS=brokers) as (said, asked):

        def publish(name: str) -> str:
            asked.write(f"{name}\n")
            asked.flush()
            return said.readline()

        yield publish


@contextmanager
def _process(*argv: str, **extra: str) -> Iterator[tuple[IO[str], IO[str]]]:
    """What it says, and what it is asked; it ends when nothing more can be."""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, *argv], cwd=ROOT, env=environment(**extra), **pipes) as process:
        assert process.stdout is not None and process.stdin is not None
        try:
            yield process.stdout, process.stdin
        finally:
            process.stdin.close()
