from apps.business.catalog.models.price import ProductPrice
from apps.business.catalog.models.product import Product, TaxClass

__all__ = ["Product", "ProductPrice", "TaxClass"]
