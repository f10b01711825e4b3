from django.apps import AppConfig


class AuthConfig(AppConfig):
    name = "apps.core.auth"
    label = "core_auth"
