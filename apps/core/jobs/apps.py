from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "apps.core.jobs"
    label = "jobs"

    def ready(self) -> None:
        from apps.core.jobs import checks  # noqa: F401  (registers the system checks)
