from django.apps import AppConfig


class EmbeddedConfig(AppConfig):
    name = "apps.core.embedded"
    label = "embedded"
