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


class MediaNotFound(NotFound):
    """The product has no such picture."""

    code = "media_not_found"


class TooManyMedia(Conflict):
    """The product has as many pictures as it may have."""

    code = "too_many_media"


class CategoryNotFound(NotFound):
    """There is no such category."""

    code = "category_not_found"


class CategoryTaken(Conflict):
    """There is a category of that name in the same place."""

    code = "category_taken"


class CategoryInUse(Conflict):
    """The category has others below it: move or delete those first."""

    code = "category_in_use"


class CategoryMisplaced(Conflict):
    """A category cannot be moved below itself, nor may the tree grow without end."""

    code = "category_misplaced"


class InvalidCategory(Invalid):
    """The category breaks a rule."""

    code = "invalid_category"


class CatalogueFileUnusable(Invalid):
    """The file is none of products."""

    code = "catalogue_file_unusable"


class ExportNotFound(NotFound):
    """There is no such export, or not yet, or no longer."""

    code = "product_export_not_found"


class ImportNotFound(NotFound):
    """There is no such import."""

    code = "product_import_not_found"


class ImportNotChecked(Conflict):
    """Only what was looked through to its end can be applied."""

    code = "product_import_not_checked"
