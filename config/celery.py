"""The Celery application: jobs, and event consumption beside them."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery, Task

from apps.core.events.worker import EventConsumers
from apps.core.observability.celery_port import OperationsPort

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Celery would run the system checks at each start, for which every view is imported, and throw their result away.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")


class PlatformTask(Task):  # type: ignore[misc]
    """Runs with no ambient tenant, also when it is called in place: a task brings its own. Connections of the task
    before it are taken over where they still work.
    """

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from apps.core.db.refreshing import refresh_connections
        from apps.core.tenancy import no_tenant

        refresh_connections()
        with no_tenant():
            return super().__call__(*args, **kwargs)


app = Celery("platform", task_cls=PlatformTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.steps["worker"].add(EventConsumers)
app.steps["worker"].add(OperationsPort)
