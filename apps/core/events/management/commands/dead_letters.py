"""`manage.py dead_letters`: what could not be handled, and what is to become of it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.events import bulk_repairs, corrections, dead_letters, failures, repairs
from apps.core.events.bulk_repairs import Step
from apps.core.events.database import connect
from apps.core.events.models import DeadLetter
from apps.core.events.subscriptions import groups
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Command(BaseCommand):
    help = "List and show dead letters, retry keys in their order, correct an event, discard some."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", type=UUID, help="id of one tenant; default: every one that has dead letters")
        actions = parser.add_subparsers(dest="action", required=True)
        _add_choice(actions.add_parser("list", help="what is parked"))
        actions.add_parser("show", help="one with all that is known").add_argument("id", type=UUID)
        retry = actions.add_parser("retry", help="handle the parked events of the chosen keys, each key in its order")
        retry.add_argument("for_group", metavar="group", nargs="?")
        retry.add_argument("key", type=UUID, nargs="?", help="id of the aggregate")
        _add_choice(retry)
        edit = actions.add_parser("edit", help="have a corrected payload handled in place of the event's own")
        edit.add_argument("id", type=UUID)
        edit.add_argument("file", nargs="?", default="-", help="JSON of the whole payload; - (default) reads stdin")
        edit.add_argument("--retry", action="store_true", help="retry its key at once")
        discard = actions.add_parser("discard", help="give events up: by their ids, or all that are chosen")
        discard.add_argument("ids", metavar="id", type=UUID, nargs="*")
        _add_choice(discard)
        for one in (edit, discard):
            one.add_argument("--because", required=True)
        retry.add_argument("--because", default="")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action}")(options)
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error

    def _list(self, options: dict[str, Any]) -> None:
        count = 0
        for rows in self._chosen(options):
            for letter in rows:
                self.stdout.write(_line(letter))
                count += 1
        self.stdout.write(f"{count} dead letters are open")

    def _show(self, options: dict[str, Any]) -> None:
        with self._one(options["id"], options) as letter:
            self.stdout.write(_line(letter))
            for title, text in _details(letter):
                self.stdout.write(f"\n{title}\n{text}")

    def _retry(self, options: dict[str, Any]) -> None:
        if not _names_something(options):
            raise CommandError("name a group, or choose by --group, --type, --reason or --older-than")
        if options["for_group"] and options["for_group"] not in [group.name for group in groups()]:
            raise CommandError(f"there is no group {options['for_group']!r}")

        def retry(rows: QuerySet[DeadLetter], after: str) -> Step:
            return bulk_repairs.retry_step(rows, actor=SYSTEM, because=options["because"], after=after)

        handled, stuck = self._in_steps(options, retry, "keys")
        if not handled and not stuck:
            raise CommandError(f"{options['for_group'] or options['group'] or 'this choice'} has nothing parked here")
        self.stdout.write(f"{handled} handled, {stuck} keys stuck again")
        if stuck:
            self._list(options)

    def _edit(self, options: dict[str, Any]) -> None:
        payload = _payload_in(options["file"])
        with self._one(options["id"], options) as letter:
            alias, because = str(letter._state.db), options["because"]
            repairs.correct(letter.id, payload, using=alias, actor=SYSTEM, because=because, now=timezone.now())
            self.stdout.write(f"dead letter {letter.id} is corrected; it is handled so when its key is retried")
            if options["retry"]:
                retried = repairs.retry_letter(letter.id, using=alias, actor=SYSTEM, because=because)
                self.stdout.write(f"{letter.key}: {retried.resolved} handled")
                if retried.stuck:
                    raise CommandError(f"stuck again at {_line(retried.stuck)}")

    def _discard(self, options: dict[str, Any]) -> None:
        if options["ids"]:
            for id_ in options["ids"]:
                self._discard_one(id_, options)
            return
        if not _names_something(options):
            raise CommandError("name dead letters, or choose by --group, --type, --reason or --older-than")
        now = timezone.now()

        def discard(rows: QuerySet[DeadLetter], after: str) -> Step:
            return bulk_repairs.discard_step(rows, actor=SYSTEM, because=options["because"], now=now, after=after)

        done, _ = self._in_steps(options, discard, "dead letters")
        self.stdout.write(f"{done} dead letters are discarded; retry their keys to let the next ones go")

    def _discard_one(self, id_: UUID, options: dict[str, Any]) -> None:
        with self._one(id_, options) as letter:
            repairs.discard(
                id_, using=str(letter._state.db), actor=SYSTEM, because=options["because"], now=timezone.now()
            )
        self.stdout.write(f"dead letter {id_} is discarded; retry its key to let the next ones go")

    def _in_steps(
        self, options: dict[str, Any], step: Callable[[QuerySet[DeadLetter], str], Step], what: str
    ) -> tuple[int, int]:
        """Run all steps for every tenant, telling how many are left; returns how many were settled, and stuck."""
        settled = stuck = 0
        for rows in self._chosen(options):
            after = ""
            while True:
                done = step(rows, after)
                settled, stuck, after = settled + done.settled, stuck + done.stuck, done.after
                if not after:
                    break
                self.stderr.write(f"{settled} events done, {done.left} {what} to go")
        return settled, stuck

    @contextmanager
    def _one(self, id_: UUID, options: dict[str, Any]) -> Iterator[DeadLetter]:
        """The dead letter of that id, in its tenant."""
        for alias in settings.PRIMARY_ALIASES:
            for tenant_id in self._tenants(alias, options, open_only=False):
                with tenant(tenant_id):
                    found = DeadLetter.objects.using(alias).filter(id=id_).first()
                    if found is not None:
                        yield found
                        return
        raise CommandError(f"there is no dead letter {id_}")

    def _chosen(self, options: dict[str, Any]) -> Iterator[QuerySet[DeadLetter]]:
        """What the options choose, tenant by tenant, inside each."""
        for alias in settings.PRIMARY_ALIASES:
            for tenant_id in self._tenants(alias, options):
                with tenant(tenant_id):
                    yield _narrowed(dead_letters.open_letters(alias), options)

    def _tenants(self, alias: str, options: dict[str, Any], *, open_only: bool = True) -> list[UUID]:
        if options["tenant"]:
            return [options["tenant"]]
        if alias not in settings.DATABASE_RELAY_URLS:
            raise CommandError("name the tenant with --tenant: this process cannot look into all of them")
        parked = "where status in ('parked', 'retrying')" if open_only else ""
        with connect(alias, "dead letters") as connection:
            rows = connection.execute(
                f"select distinct tenant_id from events_dead_letter {parked} order by 1"  # noqa: S608 (constant)
            ).fetchall()
        return [row[0] for row in rows]


def _add_choice(parser: Any) -> None:
    parser.add_argument("--group", help="of this consumer group")
    parser.add_argument("--type", help="of this type of event")
    parser.add_argument("--reason", help="whose reason contains this text")
    parser.add_argument("--older-than", type=_age, metavar="AGE", help="parked longer ago than this: 30m, 12h, 3d")


def _names_something(options: dict[str, Any]) -> bool:
    return any(options.get(name) for name in ("for_group", "group", "type", "reason", "older_than"))


def _narrowed(rows: QuerySet[DeadLetter], options: dict[str, Any]) -> QuerySet[DeadLetter]:
    age = options.get("older_than")
    wanted = {
        "group": options.get("for_group") or options.get("group"),
        "key": options.get("key"),
        "event_type": options.get("type"),
        "reason__icontains": options.get("reason"),
        "parked_at__lt": timezone.now() - age if age else None,
    }
    return rows.filter(**{name: value for name, value in wanted.items() if value})


def _age(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,6})([mhd])", text)
    if match is None:
        raise ValueError(text)
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _payload_in(file: str) -> dict[str, Any]:
    try:
        payload = json.loads(sys.stdin.read() if file == "-" else Path(file).read_text())
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise CommandError(f"this is no JSON: {error}") from None
    if not isinstance(payload, dict):
        raise CommandError("a payload is a JSON object")
    return payload


def _details(letter: DeadLetter) -> Iterator[tuple[str, str]]:
    yield "payload of the event", _pretty(corrections.readable(letter))
    for one in corrections.readable_corrections(letter):
        yield f"corrected {one['at']} by {one['byName']} because {one['because']}", _pretty(one["payload"])
    behind = dead_letters.waiting_behind(letter).count() if letter.is_open else 0
    yield "waiting behind it", f"{behind} events"
    if letter.settled_at:
        yield str(letter.status), f"{letter.settled_at:%Y-%m-%d %H:%M:%S} UTC because {letter.settled_because}"
    if letter.words:
        yield "what the error said", failures.words_of(letter)
        yield "traceback", failures.traceback_of(letter)


def _pretty(payload: Any) -> str:
    return json.dumps(payload, indent=2, ensure_ascii=False)


def _line(letter: DeadLetter) -> str:
    what = f"{letter.event_type} of {letter.key} #{letter.sequence}"
    why = letter.reason.splitlines()[0] if letter.reason else ""
    return f"{letter.id}  tenant {letter.tenant_id}  {letter.group}  {what}  {letter.status}  x{letter.attempts}  {why}"
