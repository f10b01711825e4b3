from django.apps import AppConfig


class OidcConfig(AppConfig):
    name = "apps.iam.oidc"
    label = "oidc"
    verbose_name = "Identity provider"

    def ready(self) -> None:
        from apps.iam.oidc import checks  # noqa: F401  (registers the system checks)
