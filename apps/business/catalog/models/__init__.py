from apps.business.catalog.models.category import Category, ProductCategory
from apps.business.catalog.models.media import ProductMedia
from apps.business.catalog.models.price import ProductPrice
from apps.business.catalog.models.product import Product, TaxClass

__all__ = ["Category", "Product", "ProductCategory", "ProductMedia", "ProductPrice", "TaxClass"]
