from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "apps.core.idempotency"
    label = "idempotency"
