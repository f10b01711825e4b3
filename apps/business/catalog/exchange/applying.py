"""A line, done by the ordinary commands in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.business.catalog import commands, queries
from apps.business.catalog.errors import NoMaster
from apps.business.catalog.exchange.cells import Path
from apps.business.catalog.exchange.planning import Plan
from apps.business.catalog.models import Product
from apps.business.inventory import commands as inventory
from apps.business.units import work_of
from apps.core.history import Actor


@dataclass(slots=True)
class Doing:
    """In whose name, and what is remembered of the tree between the lines."""

    actor: Actor
    now: datetime
    paths: dict[Path, UUID] | None = None

    def place(self, path: Path) -> UUID:
        """The category at that path, made where it is missing with those above it."""
        if self.paths is None:
            self.paths = {found: category_id for category_id, found in queries.category_paths().items()}
        if path not in self.paths:
            parent_id = self.place(path[:-1]) if len(path) > 1 else None
            made = commands.create_category(name=path[-1], parent_id=parent_id, actor=self.actor, now=self.now)
            self.paths[path] = made.id
        return self.paths[path]

    def places(self, paths: Iterable[Path]) -> list[UUID]:
        return [self.place(path) for path in paths]


def apply(plan: Plan, doing: Doing, note: Callable[[Plan], None]) -> None:
    """Do what is planned: all of it, or nothing. `note` is called in the same transaction.

    Safe to repeat. Raises the errors of the catalogue's commands, where somebody was faster.
    """
    try:
        with work_of(doing.actor, Product):
            _apply(plan, doing)
            note(plan)
    except BaseException:
        doing.paths = None  # what was made of the tree is undone
        raise


def _apply(plan: Plan, doing: Doing) -> None:
    who = {"actor": doing.actor, "now": doing.now}
    product_id = _product(plan, doing)
    if plan.categories is not None:
        commands.categorise(product_id=product_id, category_ids=doing.places(plan.categories), **who)
    for wish in plan.prices:
        commands.set_price(
            product_id=product_id,
            currency=wish.currency,
            price=wish.price,
            valid_from=wish.valid_from,
            valid_to=wish.valid_to,
            **who,
        )
    if plan.back_orders is not None:
        inventory.allow_back_orders(product_id=product_id, at_most=plan.back_orders, actor=doing.actor)


def _product(plan: Plan, doing: Doing) -> UUID:
    fields = dict(plan.fields)
    if fields.get("variant_of"):
        fields["variant_of"] = _master(str(plan.master_sku))
    if plan.product_id is None:
        content = commands.NewProduct(sku=plan.line.sku, **fields)
        return commands.create_product(product=content, actor=doing.actor, now=doing.now).id
    if fields:
        commands.update_product(product_id=plan.product_id, changes=fields, actor=doing.actor, now=doing.now)
    return plan.product_id


def _master(sku: str) -> UUID:
    found = queries.products_by_sku([sku]).get(sku)
    if found is None:
        raise NoMaster(f"variant_of: there is no product {sku}")
    return found.id
