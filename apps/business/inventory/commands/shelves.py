"""The stock of some products under lock: what a command changes here is written in one go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from uuid import UUID

from apps.business.catalog import queries as catalog
from apps.business.inventory import queries
from apps.business.inventory.commands.occasion import Occasion
from apps.business.inventory.commands.telling import stock_changed
from apps.business.inventory.errors import Shortage, StockShort
from apps.business.inventory.events import StockRanLow
from apps.business.inventory.models import StockLevel, StockMovement
from apps.business.inventory.models.stock import Change
from apps.core.events import announce

_BATCH = 500
Kind = StockMovement.Kind


class Shelves:
    """All stock levels of some products, locked; whoever changes a product's stock or reservations holds this lock.

    Part of the caller's unit of work. Levels show at once what is changed; `write` puts it into the database.
    """

    def __init__(self, levels: Iterable[StockLevel]) -> None:
        self._by_product: dict[UUID, list[StockLevel]] = defaultdict(list)
        for level in sorted(levels, key=_by_priority):
            self._by_product[level.product_id].append(level)
        self._changes: dict[UUID, tuple[StockLevel, Change]] = {}
        self.movements: list[StockMovement] = []

    @classmethod
    def locked(cls, product_ids: Collection[UUID]) -> Shelves:
        """What there is of the products. One statement."""
        return cls(queries.lock_levels(product_ids))

    @classmethod
    def opened(cls, product_ids: Collection[UUID], *, warehouse_id: UUID | None = None) -> Shelves:
        """With a level of each product in the given warehouse, or the default one. One statement, rarely three."""
        shelves = cls.locked(product_ids)
        missing = [product_id for product_id in product_ids if not shelves._in(product_id, warehouse_id)]
        if not missing:
            return shelves
        # Where no warehouse is named, the database fills in the tenant's default (models.Warehouse).
        new = [StockLevel(product_id=one, warehouse_id=warehouse_id) for one in sorted(missing)]  # type: ignore[misc]
        # Somebody else may be making the same level now: that row serves as well.
        StockLevel.objects.bulk_create(new, batch_size=_BATCH, ignore_conflicts=True)
        return cls.locked(product_ids)

    @classmethod
    def reservable(cls, product_ids: Collection[UUID]) -> Shelves:
        """With at least one level of each product, so that nobody else can promise or receive it meanwhile."""
        shelves = cls.locked(product_ids)
        return shelves if all(shelves.of(product_id) for product_id in product_ids) else cls.opened(product_ids)

    def of(self, product_id: UUID) -> list[StockLevel]:
        """The levels of a product, in the order in which goods are taken from them."""
        return self._by_product.get(product_id, [])

    def place(self, product_id: UUID, warehouse_id: UUID | None = None) -> StockLevel:
        """The level in that warehouse, or the default one. For what was `opened`."""
        return (self._in(product_id, warehouse_id) or self.of(product_id))[0]

    def rank(self, product_id: UUID, warehouse_id: UUID | None) -> int:
        """The place of a warehouse among those that have the product; goods are taken from the first."""
        return next(place for place, level in enumerate(self.of(product_id)) if level.warehouse_id == warehouse_id)

    def available(self, product_id: UUID) -> int:
        return sum(level.available for level in self.of(product_id))

    def available_in(self, product_id: UUID, warehouse_id: UUID) -> int:
        return sum(level.available for level in self._in(product_id, warehouse_id))

    def split(self, product_id: UUID, quantity: int) -> Iterator[tuple[StockLevel, int]]:
        """Where to get so many, or as many as there are: by priority, from several where one has too few."""
        for level in self.of(product_id):
            part = min(quantity, level.available)
            if part > 0:
                yield level, part
            quantity -= part

    def hold(self, level: StockLevel, quantity: int) -> None:
        """Promise so many; below zero, no longer."""
        level.reserved += quantity
        self._change(level).reserved += quantity

    def move(self, level: StockLevel, quantity: int, kind: StockMovement.Kind, occasion: Occasion) -> StockMovement:
        """Add so many, below zero take them away, and note it in the ledger."""
        level.on_hand += quantity
        self._change(level).on_hand += quantity
        movement = StockMovement(
            product_id=level.product_id,
            warehouse_id=level.warehouse_id,
            kind=kind,
            quantity=quantity,
            balance=level.on_hand,
            reason=occasion.reason[:200],
            order_id=occasion.order_id,
            occurred_at=occasion.occurred_at,
            recorded_at=occasion.recorded_at,
            actor_id=occasion.actor.id,
            actor_name=occasion.actor.name[:200],
            announced=True,
        )
        self.movements.append(movement)
        return movement

    def watch(self, level: StockLevel) -> None:
        """Look anew whether it is low, although nothing moves."""
        self._change(level)

    def refuse_shortages(self, wanted: Mapping[UUID, int], available: Mapping[UUID, int] | None = None) -> None:
        """Raises StockShort, naming every product of which there is too little."""
        there_is = (
            available if available is not None else {product_id: self.available(product_id) for product_id in wanted}
        )
        short = [product_id for product_id, quantity in wanted.items() if quantity > there_is.get(product_id, 0)]
        if not short:
            return
        products = catalog.products_by_id(short, with_deleted=True)
        shortages = [
            Shortage(product_id, products[product_id].sku, wanted[product_id], there_is.get(product_id, 0))
            for product_id in short
            if product_id in products
        ]
        raise StockShort(sorted(shortages, key=lambda shortage: shortage.sku))

    def write(self) -> None:
        """Write levels and ledger; tell what changed and what ran low. Three statements, one for each of the latter."""
        if not self._changes:
            return
        ran_low = [level for level, _ in self._changes.values() if level.below_threshold and not level.is_low]
        for level, change in self._changes.values():
            level.is_low = change.is_low = level.below_threshold
        StockLevel.objects.move({level_id: change for level_id, (_, change) in self._changes.items()})
        StockMovement.objects.bulk_create(self.movements, batch_size=_BATCH)
        for level, _ in self._changes.values():
            level.version += 1
        changed = [level for level, change in self._changes.values() if change.on_hand or change.reserved]
        for event in (*stock_changed(changed, self.movements), *map(_ran_low, ran_low)):
            announce(event)
        self._changes.clear()

    def _in(self, product_id: UUID, warehouse_id: UUID | None) -> list[StockLevel]:
        if warehouse_id is None:
            return [level for level in self.of(product_id) if level.warehouse.is_default]
        return [level for level in self.of(product_id) if level.warehouse_id == warehouse_id]

    def _change(self, level: StockLevel) -> Change:
        return self._changes.setdefault(level.id, (level, Change()))[1]


def _by_priority(level: StockLevel) -> tuple[int, UUID]:
    return level.warehouse.priority, level.warehouse_id


def _ran_low(level: StockLevel) -> StockRanLow:
    return StockRanLow(
        stock_level_id=level.id,
        product_id=level.product_id,
        warehouse_id=level.warehouse_id,
        available=level.available,
        threshold=level.threshold or 0,
    )
