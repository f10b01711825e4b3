"""The relay with real publishing, to librdkafka's mock cluster in a process of its own, or to KAFKA_BOOTSTRAP_SERVERS.

Beside it what a plain outbox does: rows by the ORM, `json.dumps`, a callback for each message.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from confluent_kafka import Producer
from django.conf import settings

from apps.core.events.database import connect
from apps.core.events.kafka_publisher import Publication, producer_settings
from apps.core.events.models import Event
from apps.core.tenancy import tenant
from bench.events.sample import history, tenants
from bench.harness import ROOT, Bench

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
    with _mock() as mock:
        settings.KAFKA_BOOTSTRAP_SERVERS = (given or mock).split(",")
        _plain()  # makes the topic
        used: list[float] = []
        rounds, bench.rounds = bench.rounds, 3
        bench.compare(
            f"Publishing {count:,} waiting events to {'a broker' if given else 'the mock cluster'}, all acknowledged",
            "events",
            {
                f"plain outbox: the ORM, json.dumps, a callback each, {_PLAIN:,} of them": _plain,
                "ours: the relay's publication": lambda: _ours(used),
            },
            note="Goal: 50,000 a second and core of the relay.",
        )
        bench.rounds = rounds
    rate = count / sorted(used)[len(used) // 2]
    sys.stdout.write(f"  by the processor time of the publishing process: {rate:,.0f} events a second and core\n\n")


def _ours(used: list[float]) -> int:
    settings.KAFKA_PUBLICATION = f"bench.{uuid4()}"
    begun = time.process_time()
    with connect("business", "bench") as connection:
        done = Publication("business", threading.Event()).read_available(connection)
    used.append(time.process_time() - begun)
    return done


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
    argv = [sys.executable, "-c", _MOCK]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
