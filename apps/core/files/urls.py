from __future__ import annotations

from django.urls import path

from apps.core.files import pages

urlpatterns = [
    path("services/<service:service>/files/<str:token>", pages.file_content),
]
