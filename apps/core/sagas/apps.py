from django.apps import AppConfig


class SagasConfig(AppConfig):
    name = "apps.core.sagas"
    label = "sagas"
