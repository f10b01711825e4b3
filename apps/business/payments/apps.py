from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "apps.business.payments"
    label = "payments"
