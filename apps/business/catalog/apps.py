from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "apps.business.catalog"
    label = "catalog"
