"""The tree of categories."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from apps.business.catalog import queries
from apps.business.catalog.errors import (
    CategoryInUse,
    CategoryMisplaced,
    CategoryNotFound,
    CategoryTaken,
    InvalidCategory,
)
from apps.business.catalog.events import CategoryDeleted, CategoryPlaced, CategoryRestored, ProductCategorised
from apps.business.catalog.models import Category, Product, ProductCategory
from apps.business.constraints import violation_means
from apps.business.units import work_of
from apps.core.history import Actor

DEEPEST = 8
_NAME_LENGTH = 100


def create_category(*, name: str, parent_id: UUID | None = None, actor: Actor, now: datetime) -> Category:
    """Put a category into the tree. Raises InvalidCategory, CategoryNotFound, CategoryTaken, CategoryMisplaced."""
    return _place(Category(created_at=now), name=name, parent_id=parent_id, actor=actor)


def place_category(*, category_id: UUID, name: str, parent_id: UUID | None, actor: Actor, now: datetime) -> Category:
    """Rename a category, or move it with all that is below it.

    Raises InvalidCategory, CategoryNotFound, CategoryTaken; CategoryMisplaced for a place below itself.
    """
    return _place(queries.category(category_id), name=name, parent_id=parent_id, actor=actor)


def delete_category(*, category_id: UUID, actor: Actor, now: datetime) -> Category:
    """Take an empty branch off the tree; `restore_category` puts it back, with the products that stood in it.

    Safe to repeat. Raises CategoryNotFound, CategoryInUse.
    """
    with work_of(actor, Category) as work:
        queries.lock_tree()
        category = queries.category(category_id, with_deleted=True)
        if category.is_deleted:
            return category
        if Category.objects.in_tenant().filter(parent=category).exists():
            raise CategoryInUse(f"{category.name} has categories below it: move or delete those first")
        category.soft_delete(at=now, by=actor.id)
        category.save()
        work.publish(CategoryDeleted(category_id=category_id))
    return category


def restore_category(*, category_id: UUID, actor: Actor, now: datetime) -> Category:
    """Undo the deletion of a category. Safe to repeat.

    Raises CategoryNotFound; CategoryTaken when another has its name by now; CategoryMisplaced when the one above it is
    deleted too, or the tree has grown.
    """
    taken = CategoryTaken("there is a category of that name in that place by now")
    with violation_means("catalog_category_name", lambda: taken), work_of(actor, Category) as work:
        queries.lock_tree()
        category = queries.category(category_id, with_deleted=True)
        if not category.is_deleted:
            return category
        if category.parent_id is not None:
            _require_parent(category)
            _require_room(category, category.parent_id)
        category.restore()
        category.save()
        work.publish(CategoryRestored(category_id=category.id, name=category.name, parent_id=category.parent_id))
    return category


def categorise(*, product_id: UUID, category_ids: Collection[UUID], actor: Actor, now: datetime) -> None:
    """Let a product stand in these categories and no others. Safe to repeat.

    Raises ProductNotFound, CategoryNotFound.
    """
    wanted = set(category_ids)
    with work_of(actor, Product) as work:
        queries.lock_product(product_id)
        if missing := wanted - queries.known_categories(wanted):
            raise CategoryNotFound(f"there is no category {next(iter(missing))}")
        present = queries.categories_of(product_id)
        if wanted == present:
            return
        ProductCategory.objects.in_tenant().filter(product_id=product_id, category__in=present - wanted).delete()
        places = [ProductCategory(product_id=product_id, category_id=one) for one in sorted(wanted - present)]
        ProductCategory.objects.bulk_create(places)
        work.publish(ProductCategorised(product_id=product_id, category_ids=sorted(wanted)))


def _place(category: Category, *, name: str, parent_id: UUID | None, actor: Actor) -> Category:
    if not name.strip() or len(name) > _NAME_LENGTH or name != name.strip():
        text = f"1 to {_NAME_LENGTH} characters, without space at the ends"
        raise InvalidCategory(f"name: {text}", errors={"name": [text]})
    taken = CategoryTaken(f"there is a category {name} in that place already")
    with violation_means("catalog_category_name", lambda: taken), work_of(actor, Category) as work:
        queries.lock_tree()
        if not category._state.adding:
            category = queries.category(category.id)  # as it is now that nobody else moves anything
        if parent_id is not None:
            _require_room(category, parent_id)
        if category._state.adding or (name, parent_id) != (category.name, category.parent_id):
            category.name, category.parent_id = name, parent_id
            category.save()
            work.publish(CategoryPlaced(category_id=category.id, name=name, parent_id=parent_id))
    return category


def _require_parent(category: Category) -> None:
    above = queries.category(category.parent_id, with_deleted=True)
    if above.is_deleted:
        raise CategoryMisplaced(f"{above.name}, which it was below, is deleted: restore that first")


def _require_room(category: Category, parent_id: UUID) -> None:
    """Raises CategoryNotFound, CategoryMisplaced."""
    tree = {shelf.id: shelf for shelf in queries.category_tree()}
    if parent_id not in tree:
        raise CategoryNotFound(f"there is no category {parent_id}")
    above: UUID | None = parent_id
    while above is not None:
        if above == category.id:
            raise CategoryMisplaced(f"{category.name} cannot be moved below itself")
        above = tree[above].parent_id
    if tree[parent_id].depth + 1 + _height(category.id, tree) > DEEPEST:
        raise CategoryMisplaced(f"categories go {DEEPEST + 1} levels deep")


def _height(category_id: UUID, tree: dict[UUID, queries.Shelf]) -> int:
    """How many levels there are below it."""
    return max((1 + _height(one.id, tree) for one in tree.values() if one.parent_id == category_id), default=0)
