"""Serves files to whoever holds a link."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse
from django.utils import timezone

from apps.core.api.pages import PUBLIC, page
from apps.core.api.service_paths import database_of
from apps.core.files import links, queries
from apps.core.files.errors import FileNotKept
from apps.core.files.models import StoredFile
from apps.core.files.places import place_of, storage
from apps.core.tenancy import tenant


@page(get=PUBLIC)
def file_content(request: Any, service: str, token: str) -> Any:
    """GET /services/<service>/files/<token>: the bytes that a link leads to; the link is the permission."""
    now = timezone.now()
    claim = links.opened(token, service, now=now)
    with tenant(claim.tenant_id):
        return _served(queries.file(claim.file_id, using=database_of(service)), for_s=(claim.expires_at - now).seconds)


def _served(file: StoredFile, *, for_s: int) -> FileResponse:
    """As something to look at or to save, never to run: whatever it may pretend to be."""
    try:
        content = storage().open(place_of(file))
    except FileNotFoundError as error:
        raise FileNotKept from error
    response = FileResponse(
        content, as_attachment=not file.is_image, filename=file.name, content_type=file.content_type
    )
    response["Content-Length"] = str(file.size_bytes)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = f"private, max-age={for_s}, immutable"
    return response
