from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "apps.core.mail"
    label = "mail"

    def ready(self) -> None:
        from apps.core.mail import checks  # noqa: F401
