"""What operations ask of every process."""

from __future__ import annotations

from django.urls import path

from apps.core.web import health, metrics

urlpatterns = [
    path("livez", health.livez, name="livez"),
    path("startupz", health.startupz, name="startupz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]
