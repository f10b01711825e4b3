from django.apps import AppConfig


class CredentialsConfig(AppConfig):
    name = "apps.iam.credentials"
    label = "credentials"

    def ready(self) -> None:
        from apps.iam.credentials import checks  # noqa: F401
