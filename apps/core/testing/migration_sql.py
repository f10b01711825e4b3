"""Write the SQL of migrations to a folder, one file each, for the SQL linter.

Initial migrations are left out: they build empty tables, where no lock can keep anybody waiting.

    python -m apps.core.testing.migration_sql FOLDER [APP …]

Without apps: every app of the platform's own. Django writes SQL only with a database at hand, to look up the names of
constraints, so an empty one is started.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from typing import Any

# What every connection of ours brings along (config/settings/databases.py).
_TIMEOUTS = "set lock_timeout = '5s';\nset statement_timeout = '15s';\n"


def _exceptions(migration: Any) -> str:
    """The rules that a migration says, with its reason, do not hold for it: `squawk_ignore = ("ban-drop-column",)`."""
    rules = ", ".join(getattr(migration, "squawk_ignore", ()))
    return f"-- squawk-ignore-file {rules}\n" if rules else ""


def write_all(folder: Path, only: list[str]) -> int:
    """Returns how many files were written."""
    import django
    from django.apps import apps
    from django.core.management import call_command
    from django.db.migrations.loader import MigrationLoader

    from apps.core.db.router import alias_of_app

    django.setup()
    own = {config.label for config in apps.get_app_configs() if config.name.startswith("apps.")}
    migrations = MigrationLoader(None).disk_migrations
    names = sorted(key for key in migrations if key[0] in (set(only) or own) and not migrations[key].initial)
    for label, name in names:
        output = StringIO()
        call_command("sqlmigrate", label, name, database=alias_of_app(label), stdout=output, no_color=True)
        (folder / f"{label}.{name}.sql").write_text(
            _exceptions(migrations[label, name]) + _TIMEOUTS + output.getvalue()
        )
    return len(names)


if __name__ == "__main__":
    from apps.core.testing.servers import start_servers

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    with ExitStack() as stack:
        start_servers(stack)
        sys.stdout.write(f"{write_all(Path(sys.argv[1]), sys.argv[2:])} migrations\n")
