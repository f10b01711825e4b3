"""Pictures of products."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from apps.business.catalog.errors import MediaNotFound
from apps.business.catalog.models import ProductMedia
from apps.core import files
from apps.core.db.router import alias_for
from apps.core.files.models import StoredFile


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a product, and the link where a browser finds it for now."""

    id: UUID
    name: str
    alt: str
    content_type: str
    size_bytes: int
    width: int
    height: int
    url: str


def media_of(product_id: UUID) -> list[ProductMedia]:
    """The pictures of a product, the first one first."""
    return list(ProductMedia.objects.in_tenant().filter(product_id=product_id).order_by("created_at", "id"))


def pictures_of(product_id: UUID) -> list[Picture]:
    """The same as who looks at them needs them. Two statements."""
    media = media_of(product_id)
    known = files.files([one.file_id for one in media], using=alias_for(ProductMedia))
    return [_picture(one, known[one.file_id]) for one in media if one.file_id in known]


def media(media_id: UUID, *, product_id: UUID) -> ProductMedia:
    """Raises MediaNotFound."""
    found: ProductMedia | None = ProductMedia.objects.in_tenant().filter(product_id=product_id, id=media_id).first()
    if found is None:
        raise MediaNotFound(f"the product has no picture {media_id}")
    return found


def _picture(media: ProductMedia, file: StoredFile) -> Picture:
    return Picture(
        id=media.id,
        name=file.name,
        alt=media.alt,
        content_type=file.content_type,
        size_bytes=file.size_bytes,
        width=file.width,
        height=file.height,
        url=files.link(file),
    )
