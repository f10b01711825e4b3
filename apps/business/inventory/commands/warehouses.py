"""Warehouses open, are described anew, close, and open again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.business.constraints import violation_means
from apps.business.inventory import queries
from apps.business.inventory.errors import InvalidWarehouse, WarehouseInUse, WarehouseNameTaken
from apps.business.inventory.errors import WarehouseDeleted as WarehouseIsDeleted
from apps.business.inventory.events import WarehouseCreated, WarehouseDeleted, WarehouseRestored, WarehouseUpdated
from apps.business.inventory.models import Warehouse
from apps.business.units import work_of
from apps.core.errors import PreconditionFailed
from apps.core.history import Actor

_NAME_LENGTH, _ADDRESS_LENGTH, _LAST_PRIORITY = 100, 500, 32_767


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWarehouse:
    """What is known of a warehouse. `country`: ISO 3166-1 alpha-2. Goods are taken from the lowest `priority` first."""

    name: str
    address: str = ""
    country: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    priority: int = 100


def create_warehouse(*, warehouse: NewWarehouse, actor: Actor, now: datetime) -> Warehouse:
    """Open a warehouse, beside the default one, which there is from then on.

    Raises InvalidWarehouse, WarehouseNameTaken.
    """
    _check(warehouse)
    with _name_is_free(warehouse.name), work_of(actor, Warehouse) as work:
        Warehouse.objects.ensure_default()
        created = Warehouse(created_at=now, **asdict(warehouse))
        created.save()
        work.publish(WarehouseCreated(**_announced(created)))
    return created


def update_warehouse(
    *, warehouse_id: UUID, changes: Mapping[str, Any], expected_version: int | None = None, actor: Actor
) -> Warehouse:
    """Describe a warehouse anew; `changes` names fields of `NewWarehouse`.

    Safe to repeat: what changes nothing is not announced. `expected_version` is the version that the caller decided on.
    Raises WarehouseNotFound, WarehouseIsDeleted, PreconditionFailed, InvalidWarehouse, WarehouseNameTaken.
    """
    with _name_is_free(changes.get("name", "")), work_of(actor, Warehouse) as work:
        warehouse = _locked(warehouse_id, expected_version)
        if warehouse.is_deleted:
            raise WarehouseIsDeleted(f"{warehouse.name} is deleted: restore it before you change it")
        before = _content(warehouse)
        after = NewWarehouse(**{**asdict(before), **changes})
        _check(after)
        if after != before:
            for name, value in asdict(after).items():
                setattr(warehouse, name, value)
            warehouse.save()
            work.publish(WarehouseUpdated(**_announced(warehouse)))
    return warehouse


def make_default(*, warehouse_id: UUID, actor: Actor) -> Warehouse:
    """Let what names no warehouse go there from now on. Safe to repeat.

    Raises WarehouseNotFound, WarehouseIsDeleted.
    """
    with work_of(actor, Warehouse) as work:
        former, warehouse = queries.lock_default_and(warehouse_id)
        if warehouse.is_deleted:
            raise WarehouseIsDeleted(f"{warehouse.name} is deleted: restore it first")
        if warehouse.is_default:
            return warehouse
        for one, is_default in ((former, False), (warehouse, True)):
            if one is not None:
                one.is_default = is_default
                one.save(update_fields=["is_default"])
        work.publish(WarehouseUpdated(**_announced(warehouse)))
    return warehouse


def delete_warehouse(
    *, warehouse_id: UUID, expected_version: int | None = None, actor: Actor, now: datetime
) -> Warehouse:
    """Close an empty warehouse; `restore_warehouse` opens it again. Its movements stay.

    Safe to repeat. Raises WarehouseNotFound, PreconditionFailed, WarehouseInUse.
    """
    with work_of(actor, Warehouse) as work:
        warehouse = queries.lock_warehouse(warehouse_id)
        if warehouse.is_deleted:
            return warehouse
        _require_version(warehouse, expected_version)
        if warehouse.is_default:
            raise WarehouseInUse(f"{warehouse.name} is the default: make another one the default first")
        if queries.has_stock(warehouse_id):
            raise WarehouseInUse(f"goods lie in {warehouse.name}: transfer them first")
        warehouse.soft_delete(at=now, by=actor.id)
        warehouse.save()
        work.publish(WarehouseDeleted(warehouse_id=warehouse.id))
    return warehouse


def restore_warehouse(*, warehouse_id: UUID, actor: Actor) -> Warehouse:
    """Open a closed warehouse again. Safe to repeat. Raises WarehouseNotFound, WarehouseNameTaken."""
    with _name_is_free("with its name"), work_of(actor, Warehouse) as work:
        warehouse = queries.lock_warehouse(warehouse_id)
        if not warehouse.is_deleted:
            return warehouse
        warehouse.restore()
        warehouse.save()
        work.publish(WarehouseRestored(warehouse_id=warehouse.id))
    return warehouse


def _locked(warehouse_id: UUID, expected_version: int | None) -> Warehouse:
    warehouse = queries.lock_warehouse(warehouse_id)
    _require_version(warehouse, expected_version)
    return warehouse


def _require_version(warehouse: Warehouse, expected: int | None) -> None:
    if expected is not None and warehouse.version != expected:
        raise PreconditionFailed(
            f"{warehouse.name} is at version {warehouse.version}, not {expected}: somebody else changed it first",
            version=warehouse.version,
        )


def _name_is_free(name: str) -> AbstractContextManager[None]:
    taken = WarehouseNameTaken(f"there is a warehouse {name} already")
    return violation_means("inventory_warehouse_name", lambda: taken)


def _check(content: NewWarehouse) -> None:
    errors: dict[str, list[str]] = {}
    if not content.name.strip() or len(content.name) > _NAME_LENGTH or content.name != content.name.strip():
        errors["name"] = [f"1 to {_NAME_LENGTH} characters, without space at the ends"]
    if len(content.address) > _ADDRESS_LENGTH:
        errors["address"] = [f"at most {_ADDRESS_LENGTH} characters"]
    if content.country and not re.fullmatch("[A-Z]{2}", content.country):
        errors["country"] = ["two letters, ISO 3166-1, such as GB"]
    if not 0 <= content.priority <= _LAST_PRIORITY:
        errors["priority"] = [f"from 0 to {_LAST_PRIORITY}"]
    errors |= _place_errors(content.latitude, content.longitude)
    if errors:
        raise InvalidWarehouse("; ".join(f"{name}: {texts[0]}" for name, texts in errors.items()), errors=errors)


def _place_errors(latitude: Decimal | None, longitude: Decimal | None) -> dict[str, list[str]]:
    if (latitude is None) != (longitude is None):
        return {"longitude" if longitude is None else "latitude": ["latitude and longitude belong together"]}
    if latitude is not None and not -90 <= latitude <= 90:
        return {"latitude": ["from -90 to 90"]}
    if longitude is not None and not -180 <= longitude <= 180:
        return {"longitude": ["from -180 to 180"]}
    return {}


def _content(warehouse: Warehouse) -> NewWarehouse:
    return NewWarehouse(
        name=warehouse.name,
        address=warehouse.address,
        country=warehouse.country,
        latitude=warehouse.latitude,
        longitude=warehouse.longitude,
        priority=warehouse.priority,
    )


def _announced(warehouse: Warehouse) -> dict[str, Any]:
    names = ("name", "country", "priority")
    return {"warehouse_id": warehouse.id, **{name: getattr(warehouse, name) for name in names}}
