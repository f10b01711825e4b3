from django.apps import AppConfig


class AuthenticatorsConfig(AppConfig):
    name = "apps.iam.authenticators"
    label = "authenticators"
    verbose_name = "Second factors"

    def ready(self) -> None:
        from apps.iam.authenticators import checks  # noqa: F401  (registers the system checks)
