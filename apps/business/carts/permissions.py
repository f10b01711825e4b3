from apps.core.auth import MANAGERS, Permission


class ShopPermission(Permission):
    CONFIGURE = "shop.configure", "Open and close the shop, and say how it sells", MANAGERS
