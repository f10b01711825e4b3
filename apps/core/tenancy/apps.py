from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "apps.core.tenancy"
    label = "tenancy"

    def ready(self) -> None:
        from apps.core.observability import logs
        from apps.core.tenancy import checks  # noqa: F401  (registers the system checks)
        from apps.core.tenancy.log_context import scope_and_actor

        logs.enrich(scope_and_actor)
