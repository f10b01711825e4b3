"""Pictures of products."""

from __future__ import annotations

from datetime import datetime
from typing import IO
from uuid import UUID

from apps.business.catalog import queries
from apps.business.catalog.errors import InvalidProduct, TooManyMedia
from apps.business.catalog.errors import ProductDeleted as ProductIsDeleted
from apps.business.catalog.events import ProductMediaChanged
from apps.business.catalog.models import Product, ProductMedia
from apps.business.units import work_of
from apps.core import files
from apps.core.events import UnitOfWork
from apps.core.history import Actor

PICTURES = files.purpose("catalog.product-media", types=files.IMAGES, max_bytes=5 * 1024**2)
MOST_MEDIA, _ALT_LENGTH = 20, 200


def add_media(
    *, product_id: UUID, stream: IO[bytes], name: str, alt: str = "", actor: Actor, now: datetime
) -> ProductMedia:
    """Show a picture of a product, behind those that it has.

    Raises ProductNotFound, ProductIsDeleted, InvalidProduct, TooManyMedia, FileRefused.
    """
    if len(alt) > _ALT_LENGTH:
        text = f"at most {_ALT_LENGTH} characters"
        raise InvalidProduct(f"alt: {text}", errors={"alt": [text]})
    with work_of(actor, Product) as work:
        product = queries.lock_product(product_id)
        if product.is_deleted:
            raise ProductIsDeleted(f"{product.name} is deleted: restore it before you change it")
        if len(queries.media_of(product_id)) >= MOST_MEDIA:
            raise TooManyMedia(f"{product.name} has {MOST_MEDIA} pictures, which is the most")
        file = files.keep(stream, purpose=PICTURES, name=name, using=work.alias)
        media = ProductMedia(product_id=product_id, file_id=file.id, alt=alt, created_at=now)
        media.save()
        _announce(product_id, work)
    return media


def remove_media(*, product_id: UUID, media_id: UUID, actor: Actor, now: datetime) -> None:
    """Take a picture of a product away, with its file. Raises ProductNotFound, MediaNotFound."""
    with work_of(actor, Product) as work:
        queries.lock_product(product_id)
        media = queries.media(media_id, product_id=product_id)
        file = files.files([media.file_id], using=work.alias).get(media.file_id)
        media.delete()
        if file is not None:
            files.drop(file)
        _announce(product_id, work)


def _announce(product_id: UUID, work: UnitOfWork) -> None:
    shown = [media.file_id for media in queries.media_of(product_id)]
    work.publish(ProductMediaChanged(product_id=product_id, file_ids=shown))
