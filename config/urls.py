"""Every route of this process: operations, schema and documentation, the admin, and what its services bring."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from apps.core.web.routing import features
from config.services import services_here

_FEATURES = [
    "apps.core.web.urls",
    "apps.core.files.urls",
    "apps.core.jobs.urls",
    "apps.core.operations.urls",
    "apps.core.projections.urls",
    "apps.core.sagas.urls",
    # Webhooks of every service are kept by iam.
    *(["apps.core.webhooks.urls"] if "iam" in settings.SERVICES else []),
    *[urls for service in services_here() for urls in service.urls],
]

urlpatterns = [
    path("api/", include("apps.core.api.urls")),
    path("mail/", include("apps.core.api.outbox")),
    features(_FEATURES),
    path("admin/", admin.site.urls),  # after iam, which has its sign-in page
]

handler400 = "apps.core.api.error_pages.bad_request"
handler403 = "apps.core.api.error_pages.forbidden"
handler404 = "apps.core.api.error_pages.not_found"
handler500 = "apps.core.api.error_pages.server_error"
