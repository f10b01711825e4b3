"""`manage.py worker`: a Celery worker that consumes chosen groups and works on chosen queues."""

from __future__ import annotations

from typing import Any

from celery.bin.celery import celery
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.events.subscriptions import groups_here, resolved


class Command(BaseCommand):
    help = "Work on jobs and consume events, until SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--consume",
            help="groups, separated by commas: all (of its services), none, or names; the service may be left out",
        )
        parser.add_argument("--queues", help="queues of jobs, separated by commas; default: all of them")
        parser.add_argument("--concurrency", type=int, help="processes for jobs; default: one for each core")
        parser.add_argument("--pool", default="prefork", choices=["prefork", "threads", "solo"])
        parser.add_argument("--hostname", help="its name, where several run on one host, as in bulk@%%h")
        parser.add_argument("--loglevel", default="INFO")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["consume"] is not None:
                settings.EVENTS_CONSUME = _consumed(_names(options["consume"]))
            groups_here()
        except ValueError as error:
            raise CommandError(str(error)) from None
        celery.main(args=["-A", "config.celery:app", "worker", *_arguments(options)])


def _consumed(names: list[str]) -> list[str]:
    return names if names in (["all"], ["none"]) else [group.name for group in resolved(names)]


def _arguments(options: dict[str, Any]) -> list[str]:
    queues = [queue.name for queue in settings.CELERY_TASK_QUEUES]
    wanted = _names(options["queues"]) if options["queues"] is not None else queues
    unknown = sorted(set(wanted) - set(queues))
    if unknown or not wanted:
        raise CommandError(f"there is no queue {', '.join(unknown) or 'named'}; there are {', '.join(queues)}")
    if options["concurrency"] is not None and options["concurrency"] < 1:
        raise CommandError("--concurrency is at least 1")
    size = ["--concurrency", str(options["concurrency"])] if options["concurrency"] else []
    name = ["--hostname", options["hostname"]] if options["hostname"] else []
    level = ["--loglevel", options["loglevel"], "--pool", options["pool"]]
    return ["--queues", ",".join(wanted), *level, *size, *name, "--without-gossip", "--without-mingle"]


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
