from apps.core.auth import MANAGERS, VIEWERS, Permission


class InvoicePermission(Permission):
    VIEW = "invoices.view", "See invoices", VIEWERS
    CONFIGURE = "invoices.configure", "Say who invoices, and on which terms", MANAGERS
