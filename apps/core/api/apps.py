from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "apps.core.api"
    label = "api"

    def ready(self) -> None:
        from apps.core.api import security_schemes  # noqa: F401  (drf-spectacular finds extensions by their class)
