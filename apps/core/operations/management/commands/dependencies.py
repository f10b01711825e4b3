"""`manage.py dependencies`: what the platform calls and how that does, and a way to overrule the breakers while nobody
can sign in to the console.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.history import SYSTEM
from apps.core.operations import forcing, standings
from apps.core.operations.standings import DependencyNotFound, Overview

_ACTIONS = {
    "open": (forcing.State.OPEN, "have it not asked"),
    "close": (forcing.State.CLOSED, "have it asked, whatever comes of it"),
    "release": (forcing.State.AUTOMATIC, "let the circuit breakers decide again"),
}


class Command(BaseCommand):
    help = "List what the platform calls, with its state; force its circuits open or closed, or release them."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="every dependency")
        for name, (_, help_) in _ACTIONS.items():
            action = actions.add_parser(name, help=help_)
            action.add_argument("dependency", help="its name")
            action.add_argument("--because", required=True)

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "list":
            for one in standings.overviews():
                self.stdout.write(_line(one))
        else:
            self._force(_ACTIONS[action][0], **options)

    def _force(self, state: str, *, dependency: str, because: str, **options: Any) -> None:
        try:
            found = standings.found(dependency)
        except DependencyNotFound:
            known = ", ".join(one.name for one in standings.overviews())
            raise CommandError(f"there is no dependency {dependency}; there are {known}") from None
        done = forcing.force(found, state, actor=SYSTEM, because=because, now=timezone.now())
        self.stdout.write(f"{found.name} is {'' if done else 'already '}{state}")


def _line(one: Overview) -> str:
    shares = f"{one.calls:.0f} calls  {one.error_share:.0%} failed  {one.slow_share:.0%} slow"
    why = one.change.because if one.change and one.state.startswith("forced") else one.reason
    return f"{one.name}  {one.state}  {shares}  {why}".rstrip()
