"""Every write to orders and customers, one transaction each."""

from apps.business.orders.commands.addresses import add_address, delete_address, restore_address, update_address
from apps.business.orders.commands.cancelling import cancel_order
from apps.business.orders.commands.crediting import NewCredit, give_credit
from apps.business.orders.commands.customers import NewCustomer, create_customer, create_customers, update_customer
from apps.business.orders.commands.erasing import erase_customer, erase_customers_again
from apps.business.orders.commands.fulfilling import note_delivered, note_payment, note_shipped
from apps.business.orders.commands.lines import NewLine
from apps.business.orders.commands.noting import MOST_FILES, Attached, add_note, remove_note
from apps.business.orders.commands.placing import NewOrder, Quote, place_order, quoted
from apps.business.orders.commands.recording import PastOrder, record_past_orders
from apps.business.orders.commands.returning import ReturnedLine, return_order_lines
from apps.business.orders.commands.reviewing import remove_review_limit, review_order, set_review_limit
from apps.business.orders.commands.shipping_methods import (
    NewShippingMethod,
    add_shipping_method,
    delete_shipping_method,
    update_shipping_method,
)
from apps.business.orders.commands.taxing import add_tax_rate, remove_tax_rate, set_prices_include_tax

__all__ = [
    "MOST_FILES",
    "Attached",
    "NewCredit",
    "NewCustomer",
    "NewLine",
    "NewOrder",
    "NewShippingMethod",
    "PastOrder",
    "Quote",
    "ReturnedLine",
    "add_address",
    "add_note",
    "add_shipping_method",
    "add_tax_rate",
    "cancel_order",
    "create_customer",
    "create_customers",
    "delete_address",
    "delete_shipping_method",
    "erase_customer",
    "erase_customers_again",
    "give_credit",
    "note_delivered",
    "note_payment",
    "note_shipped",
    "place_order",
    "quoted",
    "record_past_orders",
    "remove_note",
    "remove_review_limit",
    "remove_tax_rate",
    "restore_address",
    "return_order_lines",
    "review_order",
    "set_prices_include_tax",
    "set_review_limit",
    "update_address",
    "update_customer",
    "update_shipping_method",
]
