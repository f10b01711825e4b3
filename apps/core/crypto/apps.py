from django.apps import AppConfig


class CryptoConfig(AppConfig):
    name = "apps.core.crypto"
    label = "crypto"

    def ready(self) -> None:
        from apps.core.crypto import checks  # noqa: F401  (registers the system checks)
