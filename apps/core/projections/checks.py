"""System checks of what is declared."""

from __future__ import annotations

from typing import Any

from django.core.checks import Error, register

from apps.core.db.router import alias_for
from apps.core.projections.definition import Projection, projections


@register("projections")
def check_projections(**kwargs: Any) -> list[Error]:
    """A projection must lie in one database with the log that it is made of."""
    return [
        Error(f"projection {one.name} {fault}", id="projections.E001")
        for one in projections()
        if (fault := _fault(one))
    ]


def _fault(projection: Projection) -> str:
    if projection.group.sources != [projection.using]:
        return f"is made of the logs of {', '.join(projection.group.sources)}, and kept in {projection.using}"
    elsewhere = [table.name for table in projection.tables if alias_for(table.model) != projection.using]
    return f"has tables in another database: {', '.join(elsewhere)}" if elsewhere else ""
