from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "apps.business.inventory"
    label = "inventory"
