from apps.core.auth import MANAGERS, Permission


class ReconciliationPermission(Permission):
    RUN = "books.reconcile", "Check that orders, stock, money and invoices agree", MANAGERS
