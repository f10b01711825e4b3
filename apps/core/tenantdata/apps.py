from django.apps import AppConfig


class TenantDataConfig(AppConfig):
    name = "apps.core.tenantdata"
    label = "tenantdata"
