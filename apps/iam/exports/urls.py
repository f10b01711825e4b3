from django.urls import path

from apps.iam.exports import api, pages

_TENANT = "api/v1/tenants/<uuid:tenant_id>/exports"

urlpatterns = [
    path("api/v1/tenant/export", api.CompanyExport.as_view()),
    path("api/v1/me/export", api.MyExport.as_view()),
    path("api/v1/users/<uuid:user_id>/export", api.MemberExport.as_view()),
    path("api/v1/exports", api.Exports.as_view()),
    path("api/v1/exports/<uuid:export_id>", api.ExportDetail.as_view()),
    path("api/v1/exports/<uuid:export_id>/file", api.ExportFile.as_view()),
    path(_TENANT, api.TenantExports.as_view()),
    path(f"{_TENANT}/<uuid:export_id>", api.TenantExportDetail.as_view()),
    path(f"{_TENANT}/<uuid:export_id>/file", api.TenantExportFile.as_view()),
    path("exports/", pages.exports),
    path("exports/company", pages.company_export),
    path("exports/<uuid:export_id>/file", pages.export_file),
    path("people/<uuid:user_id>/export", pages.person_export),
    path("account/data/", pages.own_data),
]
