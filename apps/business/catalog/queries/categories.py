"""The tree of categories, and what stands in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import Count

from apps.business.catalog.errors import CategoryNotFound
from apps.business.catalog.models import Category, ProductCategory
from apps.core.db.router import alias_for
from apps.core.history.changes import Change, ChangeFilter, changes_of
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


def category_paths() -> dict[UUID, tuple[str, ...]]:
    """The names from the top down to each category."""
    paths: dict[UUID | None, tuple[str, ...]] = {None: ()}
    for shelf in category_tree():  # each comes after the one above it
        paths[shelf.id] = (*paths[shelf.parent_id], shelf.name)
    return {category_id: path for category_id, path in paths.items() if category_id}


def deleted_categories() -> Any:
    """Those that can be restored, the latest deletion first."""
    return Category.with_deleted.in_tenant().deleted().order_by("-deleted_at", "id")


def category(category_id: UUID, *, with_deleted: bool = False) -> Category:
    """Raises CategoryNotFound."""
    manager = Category.with_deleted if with_deleted else Category.objects
    found: Category | None = manager.in_tenant().filter(id=category_id).first()
    if found is None:
        raise CategoryNotFound(f"there is no category {category_id}")
    return found


def categories_of(product_id: UUID) -> set[UUID]:
    """Where a product stands."""
    return categories_of_products([product_id]).get(product_id, set())


def categories_of_products(product_ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """Where each product stands; one that stands nowhere is left out."""
    places = ProductCategory.objects.in_tenant().filter(product_id__in=list(product_ids))
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for product_id, category_id in _in_the_tree(places).values_list("product_id", "category_id"):
        found[product_id].add(category_id)
    return dict(found)


def products_in(category_id: UUID) -> Any:
    """Ids of the products in a category or below it, as a subquery. One statement beforehand, for the tree."""
    places = ProductCategory.objects.in_tenant().filter(category_id__in=_branch(category_id))
    return places.values("product_id")


def product_counts() -> dict[UUID, int]:
    """How many products stand in each category itself; one without any is left out."""
    places = ProductCategory.objects.in_tenant().filter(product__deleted_at__isnull=True)
    return dict(_in_the_tree(places).order_by().values_list("category_id").annotate(count=Count("id")))


def changes_of_category(category_id: UUID, *, limit: int = 20) -> list[Change]:
    """Who changed a category and what, newest first. Three statements."""
    return changes_of(Category, where=ChangeFilter(entity_ids=(category_id,)), limit=limit)


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


def _branch(category_id: UUID) -> list[UUID]:
    """The category and all below it."""
    found = {category_id}
    for one in category_tree():  # each comes after the one above it
        if one.parent_id in found:
            found.add(one.id)
    return sorted(found)


def _in_the_tree(places: Any) -> Any:
    """Places whose category is not deleted."""
    return places.filter(category__deleted_at__isnull=True)
