"""The web process: Django's WSGI handler on threads, streams and probes on the event loop, the edge in front."""

from __future__ import annotations

from django.conf import settings
from django.urls import get_resolver
from django.utils.module_loading import import_string

from apps.core.web.application import WebApplication
from apps.core.web.health import operations_routes
from apps.core.web.limits import Limits
from config.wsgi import application as django


def _web_application() -> WebApplication:
    get_resolver().url_patterns  # noqa: B018 (imports every view now, once for all processes, not in the first request)
    streams = {path: import_string(dotted) for path, dotted in getattr(settings, "STREAM_ROUTES", {}).items()}
    edge = getattr(settings, "EDGE", "")
    return WebApplication(
        django,
        limits=Limits.from_settings(settings),
        routes={**operations_routes(), **streams},
        edge=import_string(edge) if edge else None,
        on_start=[import_string(dotted) for dotted in getattr(settings, "WEB_ON_START", ())],
    )


application = _web_application()
