from django.apps import AppConfig


class ScimConfig(AppConfig):
    name = "apps.iam.scim"
    label = "scim"
