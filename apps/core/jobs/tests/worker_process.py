"""`python -m apps.core.jobs.tests.worker_process`: a Celery worker that knows this part's test work."""

from __future__ import annotations

import sys

import django
from celery.bin.celery import celery

if __name__ == "__main__":
    django.setup()
    from apps.core.jobs.tests import things  # noqa: F401  (declares the work)

    options = ["--loglevel=INFO", "--without-gossip", "--without-mingle", *sys.argv[1:]]
    celery.main(args=["-A", "config.celery:app", "worker", *options])
