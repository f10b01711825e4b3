"""Reads of projections and of what became of their rebuilds."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.core.projections.definition import Projection, projections
from apps.core.projections.errors import ProjectionNotFound
from apps.core.projections.models import Rebuild


def projection_named(name: str, *, service: str | None = None) -> Projection:
    """Raises ProjectionNotFound, which names those that there are."""
    known = [one for one in projections() if service in (None, one.service)]
    for one in known:
        if one.name == name:
            return one
    names = ", ".join(one.name for one in known) or "none"
    raise ProjectionNotFound(f"there is no projection {name}; there are: {names}")


def projections_of(service: str) -> list[Projection]:
    """Those whose tables the service keeps, by name."""
    return [one for one in projections() if one.service == service]


def rebuilds(projection: Projection) -> QuerySet[Rebuild]:
    """Every rebuild of a projection, newest first."""
    found: QuerySet[Rebuild] = Rebuild.objects.using(projection.using).filter(projection=projection.name)
    return found.order_by("-id")


def newest_rebuild(projection: Projection) -> Rebuild | None:
    """The last one that was begun."""
    return rebuilds(projection).first()


def open_rebuild(projection: Projection) -> Rebuild | None:
    """The one that is being built, waits to be put in place, or failed and may go on."""
    return rebuilds(projection).filter(state__in=Rebuild.OPEN).first()


def placed_rebuild(projection: Projection) -> Rebuild | None:
    """The one that is in place, while what was read before it is kept."""
    return rebuilds(projection).filter(state=Rebuild.State.IN_PLACE).first()


def rebuild(projection: Projection, rebuild_id: UUID) -> Rebuild:
    """One of them. Raises ProjectionNotFound."""
    found = rebuilds(projection).filter(id=rebuild_id).first()
    if found is None:
        raise ProjectionNotFound(f"{projection.name} has no rebuild {rebuild_id}")
    return found


def totals(differences: dict[str, Any] | None) -> int:
    """How many rows differ in all tables together."""
    tables = (differences or {}).values()
    return sum(table["missing"] + table["superfluous"] + table["changed"] for table in tables)


def fell_silent(projection: Projection, *, before: datetime) -> bool:
    """Whether a build is not finished, and has said nothing since."""
    return rebuilds(projection).filter(state=Rebuild.State.BUILDING, heard_at__lt=before).exists()
