"""What the read models of a service answer."""

from django.urls import path

from apps.core.projections import api, pages

_API = "api/v1/services/<service:service>/projections"
_PAGES = "services/<service:service>/projections"

urlpatterns = [
    path(_API, api.Projections.as_view()),
    path(f"{_API}/<str:name>/rebuilds", api.Rebuilds.as_view()),
    path(f"{_API}/<str:name>/shadow", api.Shadow.as_view()),
    path(f"{_API}/<str:name>/placement", api.Placement.as_view()),
    path(f"{_PAGES}/", pages.projections),
    path(f"{_PAGES}/<str:name>/<str:deed>", pages.act),
]
