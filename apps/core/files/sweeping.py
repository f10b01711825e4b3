"""Bytes that nothing refers to: deleted with what they belonged to, and looked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from apps.core.files.models import StoredFile
from apps.core.files.places import folder_of, places_in, storage
from apps.core.observability import get_logger
from apps.core.tenancy import require_tenant_id

logger = get_logger(__name__)
# Bytes are stored before the transaction is committed that says what they are.
_UNCLAIMED_FOR = timedelta(days=1)


def sweep(using: str, *, now: datetime) -> int:
    """Delete bytes of the current tenant that have had no row for a day; returns how many. Safe to repeat."""
    old = [place for place in places_in(folder_of(require_tenant_id(), using=using)) if _is_old(place, now)]
    known = _known(using)
    lost = [place for place in old if place.rpartition("/")[2] not in known]
    for place in lost:
        storage().delete(place)
    if lost:
        logger.info("files.swept", database=using, count=len(lost))
    return len(lost)


def erase_files(using: str) -> int:
    """Delete the bytes of every file of the current tenant; returns how many. The rows are left. Safe to repeat."""
    places = list(places_in(folder_of(require_tenant_id(), using=using)))
    for place in places:
        storage().delete(place)
    return len(places)


def _known(using: str) -> set[str]:
    ids: set[UUID] = set(StoredFile.objects.using(using).in_tenant().values_list("id", flat=True))
    return {str(file_id) for file_id in ids}


def _is_old(place: str, now: datetime) -> bool:
    try:
        return now - storage().get_modified_time(place) > _UNCLAIMED_FOR
    except Exception:  # each store has an error of its own for what is not there
        if storage().exists(place):
            raise
        return False  # dropped meanwhile
