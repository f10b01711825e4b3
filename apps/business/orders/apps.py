from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "apps.business.orders"
    label = "orders"
