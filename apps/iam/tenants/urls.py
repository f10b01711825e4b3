from django.urls import path

from apps.iam.tenants import own_api, pages, platform_api

_ONE = "api/v1/tenants/<uuid:tenant_id>"

urlpatterns = [
    path("api/v1/tenants", platform_api.Tenants.as_view()),
    path(_ONE, platform_api.TenantDetail.as_view()),
    path(f"{_ONE}/provisioning", platform_api.Provisioning.as_view()),
    path(f"{_ONE}/suspension", platform_api.Suspension.as_view()),
    path(f"{_ONE}/reinstatement", platform_api.Reinstatement.as_view()),
    path(f"{_ONE}/deletion", platform_api.Deletion.as_view()),
    path("api/v1/tenant", own_api.OwnTenant.as_view()),
    path("api/v1/tenant/deletion", own_api.OwnDeletion.as_view()),
    path("api/v1/tenant/versions", own_api.Versions.as_view()),
    path("api/v1/tenant/restoration", own_api.VersionRestoration.as_view()),
    path("settings/", pages.settings),
    path("settings/deletion", pages.deletion),
    path("settings/deletion/cancellation", pages.deletion_cancellation),
    path("settings/brand.css", pages.brand),
    path("settings/versions/<int:number>/restoration", pages.settings_restoration),
]
