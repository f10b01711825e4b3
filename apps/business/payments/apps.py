from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "apps.business.payments"
    label = "payments"

    def ready(self) -> None:
        from apps.business.payments import checks  # noqa: F401  (registers the system checks)
