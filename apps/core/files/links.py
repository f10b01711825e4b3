"""Links to files: whoever holds one may read that file until it expires, and nothing else.

Tenant, file and expiry are in the signature. A link is the same for a while, so that a browser need not fetch an image
again with every page: it holds for one to two times FILES_LINK_S.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils import timezone

from apps.core.api.service_paths import service_at
from apps.core.files.errors import FileNotKept
from apps.core.files.models import StoredFile
from apps.core.files.places import database_of_file


@dataclass(frozen=True, slots=True)
class Claim:
    """What a link says."""

    tenant_id: UUID
    file_id: UUID
    expires_at: datetime


def link(file: StoredFile, *, now: datetime | None = None) -> str:
    """Where a browser finds the file, for now."""
    service = service_at(database_of_file(file))
    claim = {"t": file.tenant_id.hex, "f": file.id.hex, "e": _expiry(now or timezone.now())}
    return f"/services/{service}/files/{_signer(service).sign_object(claim)}"


def opened(token: str, service: str, *, now: datetime) -> Claim:
    """What a link says that we signed for this service. Raises FileNotKept, also when it has expired."""
    try:
        said: dict[str, Any] = _signer(service).unsign_object(token)
    except (BadSignature, ValueError) as error:
        raise FileNotKept from error
    claim = Claim(UUID(said["t"]), UUID(said["f"]), datetime.fromtimestamp(said["e"], UTC))
    if claim.expires_at <= now:
        raise FileNotKept
    return claim


def _signer(service: str) -> Signer:
    return Signer(salt=f"files.link.{service}")


def _expiry(now: datetime) -> int:
    whole, seconds = int(now.timestamp()), settings.FILES_LINK_S
    return int((whole // seconds + 2) * seconds)
