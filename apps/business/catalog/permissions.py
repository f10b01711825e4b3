from apps.core.auth import MANAGERS, VIEWERS, Permission


class ProductPermission(Permission):
    VIEW = "products.view", "See products", VIEWERS
    MANAGE = "products.manage", "Create, change, delete and restore products", MANAGERS
