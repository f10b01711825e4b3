from django.apps import AppConfig


class RatelimitConfig(AppConfig):
    name = "apps.gateway.ratelimit"
    label = "ratelimit"
    verbose_name = "Gateway: rate limits and quotas"

    def ready(self) -> None:
        from apps.gateway.ratelimit import checks  # noqa: F401  (registers the system checks)
