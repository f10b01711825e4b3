"""What shops and carts refuse."""

from apps.core.errors import Conflict, Invalid, NotFound


class ShopNotFound(NotFound):
    """There is no open shop at this address."""

    code = "shop_not_found"


class InvalidShop(Invalid):
    """What is said of the shop breaks a rule."""

    code = "invalid_shop"


class CartNotFound(NotFound):
    """The caller has no cart here."""

    code = "cart_not_found"


class CartIsFull(Conflict):
    """A cart holds as many different products as it can."""

    code = "cart_is_full"


class NotForSale(Conflict):
    """The shop does not sell this product."""

    code = "not_for_sale"


class InvalidCheckout(Invalid):
    """Something is missing before the order can be placed."""

    code = "invalid_checkout"


class TotalChanged(Conflict):
    """The order would cost something else than the buyer saw, so it was not placed."""

    code = "total_changed"

    def __init__(self, detail: str, *, total_minor: int) -> None:
        super().__init__(detail, total_minor=total_minor)
        self.total_minor = total_minor
