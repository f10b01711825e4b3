from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "apps.iam.exports"
    label = "exports"
