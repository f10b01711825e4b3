"""Pictures of products."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import IO
from uuid import UUID

from apps.business.catalog import queries
from apps.business.catalog.errors import InvalidProduct, MediaNotFound, TooManyMedia
from apps.business.catalog.errors import ProductDeleted as ProductIsDeleted
from apps.business.catalog.events import ProductMediaChanged
from apps.business.catalog.models import Product, ProductMedia
from apps.business.units import work_of
from apps.core import files
from apps.core.events import UnitOfWork
from apps.core.history import SYSTEM, Actor

PICTURES = files.purpose("catalog.product-media", types=files.IMAGES, max_bytes=5 * 1024**2)
MOST_MEDIA, _ALT_LENGTH = 20, 200
REMOVED_FOR = timedelta(days=7)


def add_media(
    *, product_id: UUID, stream: IO[bytes], name: str, alt: str = "", actor: Actor, now: datetime
) -> ProductMedia:
    """Show a picture of a product, behind those that it has.

    Raises ProductNotFound, ProductIsDeleted, InvalidProduct, TooManyMedia, FileRefused.
    """
    _check_alt(alt)
    with work_of(actor, Product) as work:
        _lock(product_id)
        shown = queries.media_of(product_id)
        _require_room(shown)
        file = files.keep(stream, purpose=PICTURES, name=name, using=work.alias)
        place = 1 + max((one.place for one in shown), default=0)
        media = ProductMedia(product_id=product_id, file_id=file.id, alt=alt, place=place, created_at=now)
        media.save()
        _announce(product_id, work)
    return media


def describe_media(*, product_id: UUID, media_id: UUID, alt: str, actor: Actor, now: datetime) -> ProductMedia:
    """Say in words what a picture shows. Safe to repeat.

    Raises ProductNotFound, ProductIsDeleted, InvalidProduct, MediaNotFound.
    """
    _check_alt(alt)
    with work_of(actor, Product) as work:
        _lock(product_id)
        media = _shown(product_id, media_id)
        if media.alt != alt:
            media.alt = alt
            media.save(update_fields=["alt"])
            _announce(product_id, work)
    return media


def arrange_media(*, product_id: UUID, media_ids: Sequence[UUID], actor: Actor, now: datetime) -> None:
    """Show the pictures in this order, which names each of them once. Safe to repeat.

    Raises ProductNotFound, ProductIsDeleted; InvalidProduct where the pictures are others by now.
    """
    with work_of(actor, Product) as work:
        _lock(product_id)
        shown = {one.id: one for one in queries.media_of(product_id)}
        if sorted(media_ids) != sorted(shown):
            text = "the product has other pictures by now: each must be named once"
            raise InvalidProduct(text, errors={"media_ids": [text]})
        if list(media_ids) != list(shown):
            for place, media_id in enumerate(media_ids, start=1):
                shown[media_id].place = place
            ProductMedia.objects.bulk_update(shown.values(), ["place"])
            _announce(product_id, work)


def remove_media(*, product_id: UUID, media_id: UUID, actor: Actor, now: datetime) -> None:
    """Take a picture of a product away; `restore_media` puts it back, for as long as REMOVED_FOR. Safe to repeat.

    Raises ProductNotFound, MediaNotFound.
    """
    with work_of(actor, Product) as work:
        queries.lock_product(product_id)
        media = queries.media(media_id, product_id=product_id)
        if media.removed_at is None:
            media.removed_at = now
            media.save(update_fields=["removed_at"])
            _announce(product_id, work)


def restore_media(*, product_id: UUID, media_id: UUID, actor: Actor, now: datetime) -> ProductMedia:
    """Put a picture back where it was. Safe to repeat.

    Raises ProductNotFound, ProductIsDeleted, TooManyMedia; MediaNotFound also when its file is gone.
    """
    with work_of(actor, Product) as work:
        _lock(product_id)
        media = queries.media(media_id, product_id=product_id)
        if media.removed_at is not None:
            _require_room(queries.media_of(product_id))
            media.removed_at = None
            media.save(update_fields=["removed_at"])
            _announce(product_id, work)
    return media


def drop_removed_media(*, now: datetime) -> int:
    """Delete the current tenant's pictures that were removed REMOVED_FOR ago, with their files; returns how many.

    Safe to repeat.
    """
    dropped = 0
    for old in queries.removed_media(before=now - REMOVED_FOR):
        with work_of(SYSTEM, Product) as work:
            queries.lock_product(old.product_id)
            dropped += _dropped(old.id, old.product_id, work, before=now - REMOVED_FOR)
    return dropped


def _dropped(media_id: UUID, product_id: UUID, work: UnitOfWork, *, before: datetime) -> bool:
    """Whether it was still to be dropped, now that nobody else changes it."""
    media = next((one for one in queries.removed_media(before=before) if one.id == media_id), None)
    if media is None:
        return False
    file = files.files([media.file_id], using=work.alias).get(media.file_id)
    media.delete()
    if file is not None:
        files.drop(file)
    return True


def _lock(product_id: UUID) -> None:
    product = queries.lock_product(product_id)
    if product.is_deleted:
        raise ProductIsDeleted(f"{product.name} is deleted: restore it before you change it")


def _shown(product_id: UUID, media_id: UUID) -> ProductMedia:
    media = queries.media(media_id, product_id=product_id)
    if media.removed_at is not None:
        raise MediaNotFound("the picture was removed: put it back first")
    return media


def _check_alt(alt: str) -> None:
    if len(alt) > _ALT_LENGTH or "\x00" in alt:
        text = f"at most {_ALT_LENGTH} characters"
        raise InvalidProduct(f"alt: {text}", errors={"alt": [text]})


def _require_room(shown: Sequence[ProductMedia]) -> None:
    if len(shown) >= MOST_MEDIA:
        raise TooManyMedia(f"there are {MOST_MEDIA} pictures, which is the most")


def _announce(product_id: UUID, work: UnitOfWork) -> None:
    shown = queries.media_of(product_id)
    work.publish(
        ProductMediaChanged(
            product_id=product_id,
            file_ids=[media.file_id for media in shown],
            alts=[media.alt for media in shown],
        )
    )
