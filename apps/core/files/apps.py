from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "apps.core.files"
    label = "files"

    def ready(self) -> None:
        from apps.core.files import checks  # noqa: F401  (registers the system checks)
