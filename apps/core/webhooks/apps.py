from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "apps.core.webhooks"
    label = "webhooks"
