"""`manage.py consumers`: who reads the log, how far behind they are, and a way to halt and resume them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.events import fleet, standing
from apps.core.events.fleet import Standing
from apps.core.events.subscriptions import Group, groups, resolved
from apps.core.history import SYSTEM


class Command(BaseCommand):
    help = "List the consumer groups with their lag and state; pause one, or resume one that is paused or suspended."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="every group of this process's services")
        for name, help_ in (("pause", "have a group read nothing"), ("resume", "let it read on where it stopped")):
            action = actions.add_parser(name, help=help_)
            action.add_argument("group", help="its name; without the service where that is enough")
            action.add_argument("--because", required=name == "pause", default="")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        getattr(self, f"_{action}")(options)

    def _list(self, options: dict[str, Any]) -> None:
        here = [group for group in groups() if group.service in settings.SERVICES]
        for one in fleet.standings(here):
            self.stdout.write(_line(one))

    def _pause(self, options: dict[str, Any]) -> None:
        group = _group(options["group"])
        done = standing.pause(group, actor=SYSTEM, because=options["because"], now=timezone.now())
        self.stdout.write(f"{group.name} {'is paused' if done else 'was paused already'}")

    def _resume(self, options: dict[str, Any]) -> None:
        group = _group(options["group"])
        done = standing.resume(group, actor=SYSTEM, because=options["because"], now=timezone.now())
        self.stdout.write(f"{group.name} {'reads on' if done else 'was neither paused nor suspended'}")


def _group(name: str) -> Group:
    try:
        (group,) = resolved([name])
    except ValueError as error:
        raise CommandError(str(error)) from None
    return group


def _line(one: Standing) -> str:
    behind = "behind by an unknown number" if one.behind is None else f"{one.behind} behind"
    since = f" since {one.oldest_at:%Y-%m-%d %H:%M:%S} UTC" if one.oldest_at else ""
    why = f"  {one.change.because}" if one.change and one.state in ("paused", "suspended") else ""
    return f"{one.name}  {one.state}  {behind}{since}  {one.open_letters} dead letters{why}"
