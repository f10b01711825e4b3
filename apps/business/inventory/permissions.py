from apps.core.auth import MANAGERS, VIEWERS, Permission


class StockPermission(Permission):
    VIEW = "stock.view", "See stock", VIEWERS
    ADJUST = "stock.adjust", "Receive and adjust stock", MANAGERS
