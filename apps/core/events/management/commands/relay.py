"""`manage.py relay`: gives committed events their position and, with the kafka transport, publishes them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.events import relay_process


class Command(BaseCommand):
    help = "Pass committed events on to their readers, until SIGTERM. Any number may run: one is active per database."
    # The web process checks the system; the relay is to be there at once.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database", action="append", help="only this one (may be repeated); default: all")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            healthy = relay_process.run(options["database"] or [])
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        if not healthy:
            raise CommandError("the relay ended by an error: see its log")
