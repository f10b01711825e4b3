from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "apps.core.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        from apps.core.webhooks import checks  # noqa: F401  (registers the system checks)
