from django.apps import AppConfig


class BffConfig(AppConfig):
    name = "apps.gateway.bff"
    label = "bff"
    verbose_name = "Gateway: browser sessions"

    def ready(self) -> None:
        from apps.gateway.bff import checks  # noqa: F401  (registers the system checks)
