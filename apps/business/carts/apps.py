from django.apps import AppConfig


class CartsConfig(AppConfig):
    name = "apps.business.carts"
    label = "carts"
