"""What every process of Django's does once its apps are there."""

from __future__ import annotations

import gc

from django.apps import AppConfig


class ProcessConfig(AppConfig):
    name = "config"
    label = "config"

    def ready(self) -> None:
        # Whoever asks for a task must know the broker too, not only the worker: without it Celery makes up an
        # application that looks for RabbitMQ on this machine.
        from config import celery  # noqa: F401

        gc.freeze()  # what is here now stays, in the processes that are forked from this one too
        gc.enable()
