"""Keeping and dropping files, inside the caller's transaction."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import IO

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction

from apps.core.files.content import Content, examined
from apps.core.files.errors import FileRefused
from apps.core.files.models import StoredFile
from apps.core.files.places import database_of_file, place_of, storage
from apps.core.files.purposes import Purpose

_LONGEST_NAME = 200


def keep(stream: IO[bytes], *, purpose: Purpose, name: str, using: str) -> StoredFile:
    """Keep a file of the current tenant; its row is in the database `using`, in the transaction around.

    The bytes are there before the row. Where the row does not come about, they are swept away later.
    Raises FileRefused, NoTenant.
    """
    content = _read(stream, purpose)
    found = _checked(examined(content), purpose)
    file = StoredFile(
        purpose=purpose.name,
        name=_clean(name),
        content_type=found.type,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        width=found.width,
        height=found.height,
    )
    file._state.db = using
    storage().save(place_of(file), ContentFile(content))
    file.save(using=using)
    return file


def drop(file: StoredFile) -> None:
    """Forget a file, and its bytes once the transaction around is committed."""
    using, place = database_of_file(file), place_of(file)
    file.delete(using=using)
    transaction.on_commit(lambda: storage().delete(place), using=using)


def _read(stream: IO[bytes], purpose: Purpose) -> bytes:
    content = stream.read(purpose.limit + 1)
    if not content:
        raise FileRefused("the file is empty")
    if len(content) > purpose.limit:
        raise FileRefused(f"the file is larger than {purpose.limit:,} bytes")
    return content


def _checked(found: Content | None, purpose: Purpose) -> Content:
    if found is None or found.type not in purpose.types:
        raise FileRefused(f"its content is none of {', '.join(sorted(purpose.types))}")
    if found.width * found.height > settings.FILES_MAX_PIXELS:
        raise FileRefused(f"{found.width} by {found.height} pixels are more than {settings.FILES_MAX_PIXELS:,}")
    return found


def _clean(name: str) -> str:
    """The last part of a path, without what cannot be printed."""
    last = name.replace("\\", "/").rpartition("/")[2]
    printable = "".join(letter for letter in last if not unicodedata.category(letter).startswith("C"))
    return printable.strip()[-_LONGEST_NAME:] or "file"
