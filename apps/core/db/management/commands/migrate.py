"""`manage.py migrate`: every database of this installation, as its owner, then the grants."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate

from apps.core.db.executor import OwnTablesExecutor
from apps.core.db.grants import grant_all
from apps.core.db.roles import as_owner

migrate.MigrationExecutor = OwnTablesExecutor  # type: ignore[attr-defined]


class Command(migrate.Command):
    help = "Bring every database (or the one given by --database) to the newest schema, as its owner."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database=None)
        for action in parser._actions:
            if action.dest == "database":
                action.help = "One database; every one when left out."

    def get_check_kwargs(self, options: dict[str, Any]) -> Any:
        inherited: dict[str, Any] = dict(super().get_check_kwargs(options))  # type: ignore[arg-type]
        return {**inherited, "databases": _aliases(options)}

    def handle(self, *args: Any, **options: Any) -> None:
        aliases = _aliases(options)
        try:
            with as_owner(*aliases):
                for alias in aliases:
                    super().handle(*args, **{**options, "database": alias})
                    grant_all(alias)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error


def _aliases(options: dict[str, Any]) -> list[str]:
    return [options["database"]] if options["database"] else list(settings.PRIMARY_ALIASES)
