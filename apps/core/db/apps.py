from django.apps import AppConfig


class DbConfig(AppConfig):
    name = "apps.core.db"
    label = "db"

    def ready(self) -> None:
        from apps.core.db import replicas

        replicas.watch_writes()
