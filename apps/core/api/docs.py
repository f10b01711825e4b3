"""Serves the OpenAPI document and Swagger UI. Neither needs anybody else's server, nor any inline script or style."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.views import View
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.response import Response


class SchemaView(SpectacularAPIView):
    """GET /api/schema: this API as OpenAPI 3, as YAML or JSON after the Accept header."""

    authentication_classes = ()

    def _get_schema_response(self, request: Any) -> Response:
        return Response(_schema(), headers={"Content-Disposition": "inline", "Cache-Control": "no-cache"})


@cache
def _schema() -> Any:
    """The document depends on code alone, and takes a second to make: once per process."""
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


class DocumentationView(View):
    """GET /api/docs: Swagger UI."""

    def get(self, request: HttpRequest) -> HttpResponse:
        get_token(request)  # sets the CSRF cookie, so that a signed-in browser can try out what writes
        return render(request, "api/docs.html", {"csrf_cookie_name": settings.CSRF_COOKIE_NAME})
