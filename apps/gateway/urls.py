"""Addresses that the gateway answers itself."""

from django.urls import include, path

urlpatterns = [
    path("auth/", include("apps.gateway.bff.urls")),
    path("", include("apps.gateway.ratelimit.urls")),
]
