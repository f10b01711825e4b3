"""Every write to shops and carts, one transaction each."""

from apps.business.carts.commands.adopting import adopt
from apps.business.carts.commands.checking_out import Buyer, Checkout, check_out, quote
from apps.business.carts.commands.filling import Filled, add, begin, put
from apps.business.carts.commands.forgetting import forget_untouched
from apps.business.carts.commands.opening import MOST_ORIGINS, ShopSettings, set_shop

__all__ = [
    "MOST_ORIGINS",
    "Buyer",
    "Checkout",
    "Filled",
    "ShopSettings",
    "add",
    "adopt",
    "begin",
    "check_out",
    "forget_untouched",
    "put",
    "quote",
    "set_shop",
]
