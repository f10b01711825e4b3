from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ResilienceConfig(AppConfig):
    name = "apps.core.resilience"
    label = "resilience"

    def ready(self) -> None:
        autodiscover_modules("dependencies")
