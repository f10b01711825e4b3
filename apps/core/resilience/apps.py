from celery import signals
from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ResilienceConfig(AppConfig):
    name = "apps.core.resilience"
    label = "resilience"

    def ready(self) -> None:
        from apps.core.resilience import sharing

        autodiscover_modules("dependencies")
        # A web process is started by settings.WEB_ON_START. Of a worker's processes, those of its pool do the tasks and
        # the one around consumes events.
        for signal in (signals.worker_process_init, signals.worker_ready):
            signal.connect(sharing.start_worker)
