from django.apps import AppConfig


class InvoicingConfig(AppConfig):
    name = "apps.business.invoicing"
    label = "invoicing"
