"""Every write to the stock. A product's stock and reservations change only under the lock of all its levels, which are
locked in primary-key order, so that no two commands wait for each other.
"""

from apps.business.inventory.commands.back_orders import allow_back_orders
from apps.business.inventory.commands.moving import adjust, adjust_many, put_back, receive, receive_many, take
from apps.business.inventory.commands.occasion import Occasion
from apps.business.inventory.commands.reserving import expire, release, reserve, take_reserved

__all__ = [
    "Occasion",
    "adjust",
    "adjust_many",
    "allow_back_orders",
    "expire",
    "put_back",
    "receive",
    "receive_many",
    "release",
    "reserve",
    "take",
    "take_reserved",
]
