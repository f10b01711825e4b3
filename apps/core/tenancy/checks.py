"""System checks that hold what the scoped cursors rely on."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.database, deploy=False)
def binds_on_the_client(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """The scope travels in the statement's own message, which needs client-side binding."""
    return [
        checks.Error(f"DATABASES[{alias!r}] must not use server_side_binding.", id="tenancy.E001")
        for alias, database in settings.DATABASES.items()
        if database.get("OPTIONS", {}).get("server_side_binding")
    ]


@checks.register(checks.Tags.database)
def uses_the_scoped_backend(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Any other backend would run statements without a scope, and so see nothing."""
    return [
        checks.Error(f"DATABASES[{alias!r}] must use the engine apps.core.tenancy.postgresql.", id="tenancy.E002")
        for alias, database in settings.DATABASES.items()
        if database["ENGINE"] != "apps.core.tenancy.postgresql"
    ]
