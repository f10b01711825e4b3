"""A tenant's files for an export: what there is, page by page, and the bytes of each."""

from __future__ import annotations

from uuid import UUID

from apps.core.files import queries
from apps.core.files.models import StoredFile
from apps.core.tenantdata.reading import RowsPage

PAGE = 100


def page_of_export(*, using: str, after: str | None = None) -> RowsPage:
    """Files of the current tenant in the order of their ids. One statement."""
    rows = StoredFile.objects.using(using).in_tenant().filter(id__gt=after or UUID(int=0)).order_by("id")[:PAGE]
    found = [{"id": str(one.id), "name": one.name, "sha256": one.sha256} for one in rows]
    return RowsPage(found, found[-1]["id"] if len(found) == PAGE else None)


def content_of(file_id: UUID, *, using: str) -> bytes:
    """The whole of one, in memory: files are small. Raises FileNotKept."""
    return queries.content(queries.file(file_id, using=using))
