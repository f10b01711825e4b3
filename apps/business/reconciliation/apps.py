from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    name = "apps.business.reconciliation"
    label = "reconciliation"
