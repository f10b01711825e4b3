from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    name = "apps.iam.applications"
    label = "applications"
