from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "apps.iam.access"
    label = "access"
