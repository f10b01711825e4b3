from django.urls import path

from apps.iam.access import api, assignments_api, pages

urlpatterns = [
    path("api/v1/access/explain", api.Explanations.as_view()),
    path("api/v1/access/who-can", api.WhoCan.as_view()),
    path("api/v1/role-assignments", assignments_api.RoleAssignments.as_view()),
    path("api/v1/role-assignments/preview", assignments_api.AssignmentPreview.as_view()),
    path("api/v1/role-assignments/<uuid:assignment_id>", assignments_api.RoleAssignmentDetail.as_view()),
    path("access/", pages.explainer),
    path("access/who-can", pages.who_can),
    path("access/assignments", pages.assignment_list),
    path("access/assignments/<uuid:assignment_id>/end", pages.assignment_end),
]
