from django.urls import path

from apps.iam.roles import api, pages, separation_api, separation_pages

urlpatterns = [
    path("api/v1/roles", api.Roles.as_view()),
    path("api/v1/roles/matrix", api.RoleMatrix.as_view()),
    path("api/v1/roles/<str:role_code>", api.RoleDetail.as_view()),
    path("api/v1/roles/<str:role_code>/restoration", api.RoleRestoration.as_view()),
    path("api/v1/roles/<str:role_code>/preview", api.RolePreview.as_view()),
    path("api/v1/separation-of-duty-rules", separation_api.SeparationRules.as_view()),
    path("api/v1/separation-of-duty-rules/<uuid:rule_id>", separation_api.SeparationRuleDetail.as_view()),
    path("roles/", pages.role_matrix),
    path("roles/new", pages.role_new),
    path("roles/separation-rules", separation_pages.rule_new),
    path("roles/separation-rules/<uuid:rule_id>/deletion", separation_pages.rule_deletion),
    path("roles/<str:role_code>/", pages.role_detail),
    path("roles/<str:role_code>/deletion", pages.role_deletion),
    path("roles/<str:role_code>/restoration", pages.role_restoration),
]
