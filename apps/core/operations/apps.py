from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "apps.core.operations"
    label = "operations"

    def ready(self) -> None:
        from apps.core.operations import measures
        from apps.core.web import metrics

        metrics.add_source(measures.exposition)
