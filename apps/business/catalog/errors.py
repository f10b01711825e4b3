"""What the catalogue refuses."""

from apps.core.errors import Conflict, Invalid, NotFound


class ProductNotFound(NotFound):
    """There is no such product."""

    code = "product_not_found"


class SkuTaken(Conflict):
    """Another product of this tenant has that stock code."""

    code = "sku_taken"


class ProductDeleted(Conflict):
    """The product is deleted: restore it first."""

    code = "product_deleted"


class InvalidProduct(Invalid):
    """The product breaks a rule."""

    code = "invalid_product"
