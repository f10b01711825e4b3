"""Every write to the stock. A product's stock and reservations change only under the lock of all its levels, which are
locked in primary-key order, so that no two commands wait for each other.
"""

from apps.business.inventory.commands.back_orders import allow_back_orders
from apps.business.inventory.commands.earlier import announce_earlier_movements
from apps.business.inventory.commands.moving import (
    adjust,
    adjust_many,
    put_back,
    receive,
    receive_many,
    take,
    take_each,
)
from apps.business.inventory.commands.occasion import Occasion
from apps.business.inventory.commands.reserving import expire, release, reserve, take_reserved
from apps.business.inventory.commands.thresholds import set_threshold
from apps.business.inventory.commands.transferring import transfer
from apps.business.inventory.commands.warehouses import (
    NewWarehouse,
    create_warehouse,
    delete_warehouse,
    make_default,
    restore_warehouse,
    update_warehouse,
)

__all__ = [
    "NewWarehouse",
    "Occasion",
    "adjust",
    "adjust_many",
    "allow_back_orders",
    "announce_earlier_movements",
    "create_warehouse",
    "delete_warehouse",
    "expire",
    "make_default",
    "put_back",
    "receive",
    "receive_many",
    "release",
    "reserve",
    "restore_warehouse",
    "set_threshold",
    "take",
    "take_each",
    "take_reserved",
    "transfer",
    "update_warehouse",
]
