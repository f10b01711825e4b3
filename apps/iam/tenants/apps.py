from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "apps.iam.tenants"
    label = "tenants"
