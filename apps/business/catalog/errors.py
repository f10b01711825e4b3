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


class NoMaster(Conflict):
    """What it would be a variant of cannot have variants: it is deleted, or a variant itself."""

    code = "no_master"


class VariantTaken(Conflict):
    """The product has a variant with the same options already."""

    code = "variant_taken"


class PriceNotFound(NotFound):
    """There is no such price."""

    code = "price_not_found"


class PriceOverlaps(Conflict):
    """The product has another price in that currency for part of that time."""

    code = "price_overlaps"


class PriceOver(Conflict):
    """The price is over: what was charged stays on record."""

    code = "price_over"


class InvalidPrice(Invalid):
    """The price breaks a rule."""

    code = "invalid_price"
