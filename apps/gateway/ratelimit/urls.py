from django.urls import path

from apps.gateway.ratelimit import api, pages

urlpatterns = [
    path("api/v1/limits", api.Limits.as_view()),
    path("api/v1/tenants/<uuid:tenant_id>/limits", api.CompanyLimits.as_view()),
    path("limits/", pages.limits),
    path("limits/companies/", pages.company_list),
    path("limits/companies/<uuid:tenant_id>/", pages.company),
]
