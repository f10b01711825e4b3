"""Files that are imported, and reports of what was refused, as they are kept."""

from __future__ import annotations

import io
from uuid import UUID

from apps.business.catalog.models import Product
from apps.business.units import work_of
from apps.core import files
from apps.core.db.router import alias_for
from apps.core.files.errors import FileNotKept
from apps.core.files.queries import content
from apps.core.history import Actor

_MOST_BYTES = 64 * 1024**2
UPLOADS = files.purpose("catalog.product-import", types=files.TEXTS, max_bytes=_MOST_BYTES)
REPORTS = files.purpose("catalog.product-import-report", types=files.TEXTS, max_bytes=_MOST_BYTES)


def upload(file_id: UUID) -> bytes:
    """Raises FileNotKept."""
    found = files.files([file_id], using=alias_for(Product)).get(file_id)
    if found is None:
        raise FileNotKept("the file is gone: it is kept for a month")
    return content(found)


def keep_report(text: str, *, actor: Actor) -> UUID:
    with work_of(actor, Product) as work:
        stream = io.BytesIO(text.encode())
        return files.keep(stream, purpose=REPORTS, name="refused.csv", using=work.alias).id
