from django.urls import path

from apps.iam.scim import api, bulk_api, discovery_api, pages

_ROOT = "scim/v2"

urlpatterns = [
    path(f"{_ROOT}/ServiceProviderConfig", discovery_api.ServiceProviderConfiguration.as_view()),
    path(f"{_ROOT}/ResourceTypes", discovery_api.ResourceTypes.as_view()),
    path(f"{_ROOT}/ResourceTypes/<str:resource_id>", discovery_api.ResourceTypes.as_view()),
    path(f"{_ROOT}/Schemas", discovery_api.Schemas.as_view()),
    path(f"{_ROOT}/Schemas/<str:resource_id>", discovery_api.Schemas.as_view()),
    path(f"{_ROOT}/.search", api.SearchEverything.as_view()),
    path(f"{_ROOT}/Bulk", bulk_api.Bulk.as_view()),
    path(f"{_ROOT}/Users", api.Resources.as_view(endpoint=api.USERS)),
    path(f"{_ROOT}/Users/.search", api.Search.as_view(endpoint=api.USERS)),
    path(f"{_ROOT}/Users/<str:resource_id>", api.OneResource.as_view(endpoint=api.USERS)),
    path(f"{_ROOT}/Groups", api.Resources.as_view(endpoint=api.GROUPS)),
    path(f"{_ROOT}/Groups/.search", api.Search.as_view(endpoint=api.GROUPS)),
    path(f"{_ROOT}/Groups/<str:resource_id>", api.OneResource.as_view(endpoint=api.GROUPS)),
    path("settings/directories/", pages.directory_list),
    path("settings/directories/new", pages.directory_new),
    path("settings/directories/<uuid:connection_id>/", pages.directory_detail),
    path("settings/directories/<uuid:connection_id>/disconnection", pages.directory_disconnection),
    path(f"{_ROOT}/", api.NothingHere.as_view()),
    path(f"{_ROOT}/<path:rest>", api.NothingHere.as_view()),
]
