from django.apps import AppConfig


class ShippingConfig(AppConfig):
    name = "apps.business.shipping"
    label = "shipping"
