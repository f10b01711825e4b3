"""`manage.py jobs list|show|follow|cancel|retry`."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from apps.core.errors import DomainError
from apps.core.history import SYSTEM
from apps.core.jobs import commands, queries
from apps.core.jobs.errors import JobNotFound
from apps.core.jobs.models import Job
from apps.core.jobs.places import service_of
from apps.core.tenancy import tenant

_LISTED = 50


class Command(BaseCommand):
    help = "Show the background jobs of a tenant, follow one with a bar until it is over, cancel one, or retry one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", type=UUID, required=True, help="The id of the tenant.")
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help=f"the latest {_LISTED} of each service")
        listing.add_argument("--state", choices=Job.State.values)
        listing.add_argument("--name", help="the kind of work, such as orders.import_invoices")
        for action, text in {
            "show": "all that is known of one",
            "follow": "a bar until it is over; ends with an error unless it succeeded",
            "cancel": "at once where it waits, at its next step where it runs; a dead one is given up",
            "retry": "begin one again that died or was cancelled",
        }.items():
            actions.add_parser(action, help=text).add_argument("id", type=UUID)

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            with tenant(options["tenant"]):
                getattr(self, f"_{action}")(options)
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error

    def _list(self, options: dict[str, Any]) -> None:
        wanted = {name: options[name] for name in ("state", "name") if options[name]}
        found = [job for alias in settings.PRIMARY_ALIASES for job in _rows(alias).filter(**wanted)[:_LISTED]]
        for job in found:
            self.stdout.write(_line(job))
        self.stdout.write(f"{len(found)} jobs")

    def _show(self, options: dict[str, Any]) -> None:
        job = _job(options["id"])
        self.stdout.write(_line(job))
        for step in reversed(queries.steps(job)):
            by = f"  by {step.actor_name}" if step.actor_name else ""
            self.stdout.write(f"  {step.at:%Y-%m-%d %H:%M:%S}  {step.state}{by}  {step.reason}".rstrip())
        if job.result is not None:
            self.stdout.write(json.dumps(job.result, indent=2, ensure_ascii=False))
        if job.traceback:
            self.stdout.write(job.traceback)

    def _follow(self, options: dict[str, Any]) -> None:
        job = followed(_job(options["id"]))
        self.stdout.write(_line(job))
        if job.state != Job.State.SUCCEEDED:
            raise CommandError(f"the job is {job.state}" + (f": {job.reason}" if job.reason else ""))

    def _cancel(self, options: dict[str, Any]) -> None:
        job = _job(options["id"])
        job = commands.cancel_job(job_id=job.id, using=str(job._state.db), actor=SYSTEM, now=timezone.now())
        self.stdout.write(f"job {job.id} " + ("is asked to stop" if job.is_open else f"is {job.state}"))

    def _retry(self, options: dict[str, Any]) -> None:
        job = _job(options["id"])
        job = commands.retry_job(job_id=job.id, using=str(job._state.db), actor=SYSTEM, now=timezone.now())
        self.stdout.write(f"job {job.id} is {job.state}")


def followed(job: Job) -> Job:
    """Show how far a job of the current tenant is until it is over, and return it as it is then. A bar on a terminal;
    nothing elsewhere.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(job.state)
        while True:
            _draw(bar, task, job)
            if not job.is_open:
                return job
            time.sleep(settings.JOBS_PULSE_S)
            job = queries.job(job.id, _rows(str(job._state.db)))


def _draw(bar: Progress, task: TaskID, job: Job) -> None:
    bar.update(task, description=job.stage or job.state, completed=job.done, total=job.total or None)


def _job(job_id: UUID) -> Job:
    for alias in settings.PRIMARY_ALIASES:
        found = _rows(alias).filter(id=job_id).first()
        if found is not None:
            return found
    raise JobNotFound(f"there is no job {job_id} in this tenant")


def _rows(alias: str) -> QuerySet[Job]:
    return queries.all_jobs(alias)


def _line(job: Job) -> str:
    progress = "" if job.progress is None else f"{job.progress} %"
    parts = [str(job.id), service_of(job), job.name, job.about, job.state, progress, job.reason]
    return "  ".join(part for part in parts if part)
