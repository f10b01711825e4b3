"""What would become of a line: worked out by the same rules as the commands', without doing anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.business.catalog import queries
from apps.business.catalog.commands.content import NewProduct, check, content_of, price_errors
from apps.business.catalog.exchange.cells import Path, PriceWish
from apps.business.catalog.exchange.columns import NEEDED_FOR_NEW
from apps.business.catalog.exchange.reader import Line, Refused
from apps.business.catalog.models import Product
from apps.business.currencies import is_currency
from apps.business.inventory import queries as inventory
from apps.business.money import price_e4
from apps.core.errors import DomainError

CREATED, CHANGED, UNCHANGED, REFUSED = "created", "changed", "unchanged", "refused"
_NEW = UUID(int=0)  # stands for a product that the same file makes
_LONGEST_CATEGORY, _DEEPEST = 100, 9
_LARGEST_COUNT = 2_000_000_000


class _Refusal(Exception):
    """Why a line is refused."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done for a line; `changes` names the columns. What is None stays as it is."""

    line: Line
    becomes: str
    changes: tuple[str, ...] = ()
    product_id: UUID | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    master_sku: str | None = None
    categories: Sequence[Path] | None = None
    prices: Sequence[PriceWish] = ()
    back_orders: int | None = None


@dataclass(slots=True)
class FileSoFar:
    """What the earlier lines of the file bring about, which the catalogue does not hold yet."""

    may_manage_stock: bool
    now: datetime
    masters: set[str] = field(default_factory=set)
    options: dict[tuple[str, str], str] = field(default_factory=dict)
    new_categories: set[Path] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the catalogue holds of the products that some lines are about."""

    products: Mapping[str, Product]
    places: Mapping[UUID, set[UUID]]
    paths: Mapping[UUID, Path]
    prices: Mapping[UUID, Sequence[Any]]
    back_orders: Mapping[UUID, int]
    with_variants: set[UUID]
    siblings: Mapping[tuple[UUID, str], str]


def plans_of(lines: Sequence[Line], so_far: FileSoFar) -> tuple[list[Plan], list[Refused]]:
    """What would become of each of the lines. Nine statements. Variants come after what they are variants of."""
    known = _known(lines, so_far.now)
    plans, refused = [], []
    for line in lines:
        try:
            plans.append(_plan(line, known, so_far))
        except _Refusal as refusal:
            refused.append(line.refused(str(refusal)))
        except DomainError as error:
            refused.append(line.refused(str(error)))
    return plans, refused


def _known(lines: Sequence[Line], now: datetime) -> _Known:
    skus = {line.sku for line in lines} | {line.master_sku for line in lines if line.master_sku}
    products = queries.products_by_sku(skus)
    ids = [product.id for product in products.values()]
    siblings = queries.variants_of_products(ids)
    return _Known(
        products=products,
        places=queries.categories_of_products(ids),
        paths=queries.category_paths(),
        prices=queries.prices_of_products(ids, at=now),
        back_orders=inventory.allowed_back_orders(ids),
        with_variants={one.variant_of_id for one in siblings if one.variant_of_id},
        siblings={(one.variant_of_id, _key(one.options)): one.sku for one in siblings if one.variant_of_id},
    )


def _plan(line: Line, known: _Known, so_far: FileSoFar) -> Plan:
    """Raises _Refusal, DomainError."""
    product = known.products.get(line.sku)
    fields = dict(line.fields)
    if line.master_sku is not None:
        fields["variant_of"] = _master_of(line, product, known, so_far)
    content = _content(line, product, fields)
    check(content)
    _refuse_twin(line, content, known, so_far)
    fields = _differences(product, fields)
    categories = _categories(line, product, known)
    prices = _prices(line, product, known, so_far.now)
    back_orders = _back_orders(line, product, known, so_far)
    changes = list(fields)
    changes += [name for name, new in (("categories", categories is not None), ("prices", bool(prices))) if new]
    changes += ["back_orders"] if back_orders is not None else []
    _remember(line, content, categories, known, so_far)
    return Plan(
        line=line,
        becomes=CREATED if product is None else CHANGED if changes else UNCHANGED,
        changes=tuple(changes),
        product_id=product.id if product else None,
        fields=fields,
        master_sku=line.master_sku,
        categories=categories,
        prices=prices,
        back_orders=back_orders,
    )


def _master_of(line: Line, product: Product | None, known: _Known, so_far: FileSoFar) -> UUID | None:
    if not line.master_sku:
        return None
    master = known.products.get(line.master_sku)
    if master is None and line.master_sku not in so_far.masters:
        raise _Refusal(f"variant_of: there is no product {line.master_sku}, nor does an accepted line make one")
    if line.master_sku == line.sku or (product is not None and product.id in known.with_variants):
        raise _Refusal("variant_of: a product that has variants cannot be a variant itself")
    if master is not None and master.is_variant:
        raise _Refusal(f"variant_of: {line.master_sku} is a variant itself")
    return master.id if master else _NEW


def _content(line: Line, product: Product | None, fields: Mapping[str, Any]) -> NewProduct:
    if product is not None:
        return replace(content_of(product), **fields)
    if missing := [name for name in NEEDED_FOR_NEW if fields.get(name) in (None, "")]:
        raise _Refusal(f"{missing[0]}: is needed for a new product")
    return NewProduct(sku=line.sku, **fields)


def _differences(product: Product | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    if product is None:
        return dict(fields)
    before = content_of(product)
    return {name: value for name, value in fields.items() if getattr(before, name) != value}


def _refuse_twin(line: Line, content: NewProduct, known: _Known, so_far: FileSoFar) -> None:
    """No two variants of one product have the same options."""
    if content.variant_of is None:
        return
    twin = known.siblings.get((content.variant_of, _key(content.options)), line.sku)
    twin = so_far.options.get((line.master_sku or str(content.variant_of), _key(content.options)), twin)
    if twin != line.sku:
        raise _Refusal(f"options: {twin} has these already")


def _categories(line: Line, product: Product | None, known: _Known) -> Sequence[Path] | None:
    """All that it is to stand in, if that is anything new."""
    if line.categories is None:
        return None
    for path in line.categories:
        if len(path) > _DEEPEST or any(len(name) > _LONGEST_CATEGORY for name in path):
            raise _Refusal(f"categories: {_DEEPEST} levels, and {_LONGEST_CATEGORY} characters for each, are the most")
    places = known.places.get(product.id, set()) if product else set()
    return None if set(line.categories) == {known.paths[place] for place in places} else line.categories


def _prices(line: Line, product: Product | None, known: _Known, now: datetime) -> list[PriceWish]:
    """Those that are not there yet."""
    held = [(one.currency, one.price_e4, one.valid_from, one.valid_to) for one in _prices_known(product, known)]
    wanted = []
    for wish in line.prices or ():
        if errors := price_errors("prices", wish.price):
            raise _Refusal(f"prices: {errors['prices'][0]}")
        begin, cost = wish.valid_from or now, price_e4(wish.price)
        if _is_held(wish, cost, begin, held):
            continue
        if fault := _price_fault(wish, begin, held, now):
            raise _Refusal(f"prices: {wish.currency} {wish.price} {fault}")
        held = [_ended(one, wish.currency, begin) for one in held]
        held.append((wish.currency, cost, begin, wish.valid_to))
        wanted.append(wish)
    return wanted


def _prices_known(product: Product | None, known: _Known) -> Iterable[Any]:
    return known.prices.get(product.id, ()) if product else ()


_Held = tuple[str, int, datetime, datetime | None]


def _is_held(wish: PriceWish, cost: int, begin: datetime, held: Iterable[_Held]) -> bool:
    """Whether it costs that much already for all that time."""
    return any(
        (currency, known_cost, end) == (wish.currency, cost, wish.valid_to) and since <= begin
        for currency, known_cost, since, end in held
    )


def _price_fault(wish: PriceWish, begin: datetime, held: Iterable[_Held], now: datetime) -> str:
    if not is_currency(wish.currency):
        return "is in no currency"
    if begin < now:
        return "begins in the past: what was charged stays on record"
    if wish.valid_to is not None and wish.valid_to <= begin:
        return "ends before it begins"
    for currency, _, since, end in held:
        gives_way = end is None and since < begin
        overlaps = (end is None or end > begin) and (wish.valid_to is None or since < wish.valid_to)
        if currency == wish.currency and overlaps and not gives_way:
            return f"overlaps another price, from {since.isoformat()}"
    return ""


def _ended(held: _Held, currency: str, at: datetime) -> _Held:
    """A price without an end that began earlier ends where the next one begins."""
    known_currency, cost, since, end = held
    return (known_currency, cost, since, at) if (known_currency, end) == (currency, None) and since < at else held


def _back_orders(line: Line, product: Product | None, known: _Known, so_far: FileSoFar) -> int | None:
    """How many may be waited for, if that is anything new."""
    if line.back_orders is None:
        return None
    if line.back_orders == (known.back_orders.get(product.id, 0) if product else 0):
        return None
    if not so_far.may_manage_stock:
        raise _Refusal("back_orders: changing it needs the permission stock.manage")
    if line.back_orders > _LARGEST_COUNT:
        raise _Refusal(f"back_orders: at most {_LARGEST_COUNT}")
    return line.back_orders


def _remember(
    line: Line, content: NewProduct, categories: Sequence[Path] | None, known: _Known, so_far: FileSoFar
) -> None:
    if content.variant_of is None:
        so_far.masters.add(line.sku)
    else:
        so_far.options[(line.master_sku or str(content.variant_of), _key(content.options))] = line.sku
    present = set(known.paths.values())
    for path in categories or ():
        so_far.new_categories |= {path[:end] for end in range(1, len(path) + 1)} - present


def _key(options: Mapping[str, str]) -> str:
    """The same for the same options, in whatever order."""
    return repr(sorted(options.items()))
