"""The tree of categories, and what stands in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import connections

from apps.business.catalog.errors import CategoryNotFound
from apps.business.catalog.models import Category, ProductCategory
from apps.core.db.router import alias_for
from apps.core.tenancy import require_tenant_id


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category in the tree: how deep it stands (0: at the top), and its path in words."""

    id: UUID
    name: str
    parent_id: UUID | None
    depth: int
    path: str
    version: int


def category_tree() -> list[Shelf]:
    """Every category, each before those below it, by name."""
    below: dict[UUID | None, list[Category]] = defaultdict(list)
    for found in Category.objects.in_tenant().order_by("name", "id"):
        below[found.parent_id].append(found)
    return list(_shelves(below, None, 0, ""))


def category(category_id: UUID) -> Category:
    """Raises CategoryNotFound."""
    found: Category | None = Category.objects.in_tenant().filter(id=category_id).first()
    if found is None:
        raise CategoryNotFound(f"there is no category {category_id}")
    return found


def categories_of(product_id: UUID) -> set[UUID]:
    """Where a product stands."""
    places = ProductCategory.objects.in_tenant().filter(product_id=product_id)
    return set(places.values_list("category_id", flat=True))


def known_categories(category_ids: set[UUID]) -> set[UUID]:
    """Those of the ids that are categories."""
    return set(Category.objects.in_tenant().filter(id__in=category_ids).values_list("id", flat=True))


def lock_tree() -> None:
    """Until the end of the transaction nobody else changes the tree of this tenant: two moves could make a circle."""
    with connections[alias_for(Category)].cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"categories {require_tenant_id()}"])


def _shelves(
    below: dict[UUID | None, list[Category]], parent_id: UUID | None, depth: int, path: str
) -> Iterator[Shelf]:
    for found in below[parent_id]:
        here = f"{path} / {found.name}" if path else found.name
        yield Shelf(found.id, found.name, parent_id, depth, here, found.version)
        yield from _shelves(below, found.id, depth + 1, here)
