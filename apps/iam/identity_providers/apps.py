from django.apps import AppConfig


class IdentityProvidersConfig(AppConfig):
    name = "apps.iam.identity_providers"
    label = "identity_providers"
