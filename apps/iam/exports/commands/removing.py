"""Files do not stay for ever, and neither do the records of them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.core.files.storage import storages

from apps.core.events import unit_of_work
from apps.core.history import SYSTEM
from apps.core.tenancy import require_tenant_id
from apps.iam.exports import queries
from apps.iam.exports.models import Export


def expire_export(*, export_id: UUID, now: datetime) -> Export:
    """Delete the file of an export whose time is over. Safe to repeat. Raises ExportNotFound."""
    with unit_of_work(Export, actor=SYSTEM):
        found = queries.lock_export(export_id)
        if found.state == Export.State.READY and found.expires_at is not None and found.expires_at <= now:
            storages[queries.STORAGE].delete(found.file)
            found.expire()
            found.save()
    return found


def forget_exports(*, before: datetime) -> int:
    """Delete the current tenant's records of exports that were finished before an instant, with any file left.

    Returns how many. Safe to repeat.
    """
    with unit_of_work(Export, actor=SYSTEM, reason="kept long enough"):
        rows = Export.objects.in_tenant().filter(finished_at__lt=before).select_for_update()
        old = list(rows.order_by("id"))
        for found in old:
            if found.file:
                storages[queries.STORAGE].delete(found.file)
        Export.objects.in_tenant().filter(id__in=[found.id for found in old]).delete()
    return len(old)


def end_exports(*, now: datetime) -> int:
    """Delete every file of the current tenant, whose data go, and stop what is being made. Returns how many files.

    A job that is at work finds its export ended and keeps no file: it keeps one under the lock that this takes too.
    Files that no row names any more go as well. Safe to repeat.
    """
    with unit_of_work(Export, actor=SYSTEM, reason="the company was deleted"):
        for found in Export.objects.in_tenant().select_for_update().order_by("id"):
            if found.state in Export.OPEN:
                found.fail("the company was deleted", at=now)
                found.save()
        return _delete_folder(str(require_tenant_id()))


def _delete_folder(folder: str) -> int:
    storage = storages[queries.STORAGE]
    try:
        _, files = storage.listdir(folder)
    except FileNotFoundError:
        return 0
    for name in files:
        storage.delete(f"{folder}/{name}")
    return len(files)
