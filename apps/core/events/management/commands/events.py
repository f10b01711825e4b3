"""`manage.py events`: what the platform publishes, kept as files and held against the last release."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.events import asyncapi, compatibility, contract_files, log, reference, upcasting
from apps.core.events.catalogue import published
from apps.core.events.contracts import Contract
from apps.core.events.envelope import encode
from apps.core.events.span import Span
from apps.core.tenancy import tenant


class Command(BaseCommand):
    help = "List the events, write what the repository keeps of them, and check them against the last release."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="each event with its version, topic and consumers")
        actions.add_parser("write", help="write missing fixtures, docs/events.md and docs/events/asyncapi.json")
        actions.add_parser("check", help="fail when something published was broken or a file is out of date")
        actions.add_parser("topics", help="compare the topics on Kafka with those that events declare")
        query = actions.add_parser("query", help="print a tenant's events of some time, archived or not, as JSON Lines")
        query.add_argument("--tenant", type=UUID, required=True)
        query.add_argument("--service", choices=sorted(settings.EVENTS_LOG_OF_SERVICE), required=True)
        query.add_argument("--since", type=_moment, required=True, help="2026-01-31, or 2026-01-31T12:00:00Z")
        query.add_argument("--until", type=_moment, default=datetime.max.replace(tzinfo=UTC), help="before this moment")
        query.add_argument("--type", action="append", default=[], help="only these events (may be repeated)")
        query.add_argument("--topic", action="append", default=[], help="only of these topics (may be repeated)")
        query.add_argument("--aggregate", type=UUID, help="only of the aggregate with this id")
        actions.add_parser("release", help="make what the code declares now the released state")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        actions: dict[str, Callable[[], None]] = {
            "list": self._list,
            "write": self._write,
            "check": self._check,
            "topics": self._topics,
            "release": self._release,
        }
        self._query(options) if action == "query" else actions[action]()

    def _list(self) -> None:
        for one in reference.event_types():
            heard = ", ".join(one.consumers) or "nobody"
            self.stdout.write(f"{one.topic}  {one.name} version {one.version}  heard by {heard}")

    def _write(self) -> None:
        self._say(contract_files.write_missing_fixtures())
        self._say([path for path, text in _generated().items() if contract_files.write_text(path, text)])

    def _release(self) -> None:
        if problems := _breaches():
            raise CommandError("\n".join(problems))
        self._say(contract_files.release())
        self._write()

    def _topics(self) -> None:
        from confluent_kafka import KafkaException

        from apps.core.events import kafka_topics  # loads librdkafka

        try:
            problems = kafka_topics.bring_about(kafka_topics.wanted(), make=False)
        except KafkaException as error:
            raise CommandError(f"Kafka does not answer: {error.args[0].str()}") from error
        if problems:
            raise CommandError("\n".join(problems))
        self.stdout.write(f"{len(kafka_topics.wanted())} topics are as they should be")

    def _check(self) -> None:
        if problems := [*_breaches(), *_gaps(), *_without_fixture(), *_out_of_date()]:
            raise CommandError("\n".join(problems))
        self.stdout.write(f"{len(published())} events keep what the last release promised")

    def _query(self, options: dict[str, Any]) -> None:
        span = Span(
            since=options["since"],
            until=options["until"],
            topics=tuple(options["topic"]),
            event_types=tuple(options["type"]),
            aggregate_id=options["aggregate"],
        )
        with tenant(options["tenant"]):
            for envelope in log.between(span, using=settings.EVENTS_LOG_OF_SERVICE[options["service"]]):
                self.stdout.write(encode(envelope).decode())

    def _say(self, written: list[Path]) -> None:
        for path in written:
            self.stdout.write(f"{path.relative_to(settings.BASE_DIR)} written")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no moment such as 2026-01-31 or 2026-01-31T12:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _breaches() -> list[str]:
    return compatibility.breaches(contract_files.released(), contract_files.current())


def _gaps() -> list[str]:
    return [f"{name} has no upcaster from version {version}" for name, version in upcasting.gaps(published())]


def _without_fixture() -> list[str]:
    known, there = {contract.name for contract in _all()}, set(contract_files.fixtures())
    missing = [f"{name} has no fixture: run `make events`" for name in sorted(known - there)]
    return missing + [f"{name} has a fixture, and is no version of any event" for name in sorted(there - known)]


def _all() -> list[Contract]:
    return contract_files.contracts()


def _out_of_date() -> list[str]:
    stale = [path for path, text in _generated().items() if not path.exists() or path.read_text() != text]
    return [f"{path.relative_to(settings.BASE_DIR)} is out of date: run `make events`" for path in stale]


def _generated() -> dict[Path, str]:
    folder = Path(settings.EVENTS_DOCS_DIR)
    return {folder / "asyncapi.json": asyncapi.encoded(), folder.with_suffix(".md"): reference.page()}
