from django.apps import AppConfig


class ObservabilityConfig(AppConfig):
    name = "apps.core.observability"
    label = "observability"

    def ready(self) -> None:
        from apps.core.observability import tracing

        tracing.start()
