from django.urls import path

from apps.iam.policies import api, pages

urlpatterns = [
    path("api/v1/policies", api.Policies.as_view()),
    path("api/v1/policies/preview", api.NewPolicyPreview.as_view()),
    path("api/v1/policies/schema", api.PolicySchema.as_view()),
    path("api/v1/policies/validation", api.PolicyValidation.as_view()),
    path("api/v1/policies/<uuid:policy_id>", api.PolicyDetail.as_view()),
    path("api/v1/policies/<uuid:policy_id>/preview", api.PolicyPreview.as_view()),
    path("api/v1/policies/<uuid:policy_id>/restoration", api.PolicyRestoration.as_view()),
    path("access/policies/", pages.policy_list),
    path("access/policies/new", pages.policy_new),
    path("access/policies/<uuid:policy_id>/", pages.policy_detail),
    path("access/policies/<uuid:policy_id>/state", pages.policy_state),
    path("access/policies/<uuid:policy_id>/deletion", pages.policy_deletion),
    path("access/policies/<uuid:policy_id>/restoration", pages.policy_restoration),
]
