from apps.core.auth import CLERKS, MANAGERS, VIEWERS, Permission


class OrderPermission(Permission):
    VIEW = "orders.view", "See orders", VIEWERS
    PLACE = "orders.place", "Place orders", CLERKS
    CANCEL = "orders.cancel", "Cancel orders", MANAGERS
    REVIEW = "orders.review", "Decide on orders under review", MANAGERS
    SET_LIMITS = "orders.set_review_limits", "Say which orders are reviewed", MANAGERS
    SET_TAXES = "orders.set_taxes", "Set tax rates", MANAGERS
    SET_SHIPPING = "orders.set_shipping", "Set how goods are sent and what that costs", MANAGERS
    RETURN = "orders.return", "Take goods back", CLERKS
    ANNOTATE = "orders.annotate", "Write notes about orders and attach files", CLERKS


class CustomerPermission(Permission):
    VIEW = "customers.view", "See customers", VIEWERS
    MANAGE = "customers.manage", "Create and change customers", CLERKS
    DISCLOSE = "customers.disclose", "Take out all that is kept of a customer", MANAGERS
    ERASE = "customers.erase", "Erase customers for good"


class ImportPermission(Permission):
    RUN = "imports.run", "Import invoices", MANAGERS
