"""The API's description of itself."""

from __future__ import annotations

from django.urls import path

from apps.core.api.docs import DocumentationView, SchemaView

urlpatterns = [
    path("schema", SchemaView.as_view(), name="api-schema"),
    path("docs", DocumentationView.as_view(), name="api-docs"),
]
