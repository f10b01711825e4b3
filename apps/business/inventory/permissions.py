from apps.core.auth import MANAGERS, VIEWERS, Permission


class StockPermission(Permission):
    VIEW = "stock.view", "See stock", VIEWERS
    ADJUST = "stock.adjust", "Receive and adjust stock", MANAGERS
    MANAGE = "stock.manage", "Manage warehouses, thresholds and back-orders", MANAGERS
