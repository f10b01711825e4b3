"""Customers and their addresses, orders, returns; the read models made from their events; the memory of imports."""

from apps.business.orders.models.address import CustomerAddress
from apps.business.orders.models.customer import Customer
from apps.business.orders.models.imported import ImportedDocument, ImportedLine, ImportRun
from apps.business.orders.models.note import OrderAttachment, OrderNote
from apps.business.orders.models.order import (
    FulfilmentStatus,
    LineKind,
    Order,
    OrderCounter,
    OrderLine,
    PaymentStatus,
)
from apps.business.orders.models.purchase_history import PurchaseHistory
from apps.business.orders.models.read_models import DailyRevenue, OrderSummary
from apps.business.orders.models.returned import OrderReturn, OrderReturnLine
from apps.business.orders.models.review import ReviewLimit
from apps.business.orders.models.shipping_method import ShippingMethod, ShippingPrice
from apps.business.orders.models.tax import TaxedClass, TaxRate, TaxSettings

__all__ = [
    "Customer",
    "CustomerAddress",
    "DailyRevenue",
    "FulfilmentStatus",
    "ImportRun",
    "ImportedDocument",
    "ImportedLine",
    "LineKind",
    "Order",
    "OrderAttachment",
    "OrderCounter",
    "OrderLine",
    "OrderNote",
    "OrderReturn",
    "OrderReturnLine",
    "OrderSummary",
    "PaymentStatus",
    "PurchaseHistory",
    "ReviewLimit",
    "ShippingMethod",
    "ShippingPrice",
    "TaxRate",
    "TaxSettings",
    "TaxedClass",
]
