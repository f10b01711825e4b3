from django.apps import AppConfig


class ServiceAccountsConfig(AppConfig):
    name = "apps.iam.service_accounts"
    label = "service_accounts"

    def ready(self) -> None:
        from apps.iam.service_accounts import checks  # noqa: F401  (registers the system checks)
