"""Pictures of products."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
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
    return media_of_products([product_id]).get(product_id, [])


def media_of_products(product_ids: Collection[UUID]) -> dict[UUID, list[ProductMedia]]:
    """The pictures of each product, the first one first; one without any is left out."""
    shown = ProductMedia.objects.in_tenant().filter(product_id__in=list(product_ids), removed_at__isnull=True)
    found: dict[UUID, list[ProductMedia]] = defaultdict(list)
    for one in shown.order_by("place", "created_at", "id"):
        found[one.product_id].append(one)
    return dict(found)


def removed_media(*, before: datetime) -> list[ProductMedia]:
    """Pictures that were removed before that moment, and are kept still."""
    return list(ProductMedia.objects.in_tenant().filter(removed_at__lt=before).order_by("id"))


def pictures_of(product_id: UUID) -> list[Picture]:
    """The same as who looks at them needs them. Two statements."""
    return _pictures(media_of(product_id))


def first_pictures(product_ids: Collection[UUID]) -> dict[UUID, Picture]:
    """The first picture of each product that has one. Two statements."""
    first = {product_id: media[0] for product_id, media in media_of_products(product_ids).items()}
    shown = {picture.id: picture for picture in _pictures(list(first.values()))}
    return {product_id: shown[media.id] for product_id, media in first.items() if media.id in shown}


def _pictures(media: list[ProductMedia]) -> list[Picture]:
    known = files.files([one.file_id for one in media], using=alias_for(ProductMedia))
    return [_picture(one, known[one.file_id]) for one in media if one.file_id in known]


def media(media_id: UUID, *, product_id: UUID) -> ProductMedia:
    """One that may have been removed. Raises MediaNotFound."""
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
