"""Files that are imported, and reports of what was refused, as they are kept."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable
from typing import IO
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
EXPORTS = files.purpose("catalog.product-export", types=files.TEXTS, max_bytes=8 * _MOST_BYTES, written_here=True)
REPORTS = files.purpose("catalog.product-import-report", types=files.TEXTS, max_bytes=_MOST_BYTES)


def upload(file_id: UUID) -> bytes:
    """Raises FileNotKept."""
    found = files.files([file_id], using=alias_for(Product)).get(file_id)
    if found is None:
        raise FileNotKept("the file is gone: it is kept for a month")
    return content(found)


def keep_report(text: str, *, actor: Actor) -> UUID:
    return _kept(io.BytesIO(text.encode()), REPORTS, "refused.csv", actor)


def keep_export(pieces: Iterable[str], *, name: str, actor: Actor) -> UUID:
    """Raises FileRefused where it is too large."""
    with tempfile.TemporaryFile() as stream:
        stream.writelines(piece.encode() for piece in pieces)
        stream.seek(0)
        return _kept(stream, EXPORTS, name, actor)


def _kept(stream: IO[bytes], purpose: files.Purpose, name: str, actor: Actor) -> UUID:
    with work_of(actor, Product) as work:
        return files.keep(stream, purpose=purpose, name=name, using=work.alias).id
