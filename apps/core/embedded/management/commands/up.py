"""`manage.py up`, where it is called from Django; `manage.py` itself takes the short way without settings."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.core.embedded import cli


class Command(BaseCommand):
    help = (
        "Start PostgreSQL, Redis, web, worker, relay and beat under one supervisor, until Ctrl-C. "
        "Sized and placed by PORT, STATE_DIR, WEB_PROCESSES, WEB_THREADS, WORKER_PROCESSES, REPLICAS, DEMO."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(cli.run("up", settings.BASE_DIR, os.environ))
