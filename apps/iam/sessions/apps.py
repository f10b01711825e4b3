from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "apps.iam.sessions"
    label = "iam_sessions"
    verbose_name = "Sessions and devices"
