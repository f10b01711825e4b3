from django.urls import path

from apps.iam.approvals import api, pages

urlpatterns = [
    path("api/v1/approvals", api.Approvals.as_view()),
    path("api/v1/approvals/<uuid:approval_id>", api.ApprovalDetail.as_view()),
    path("api/v1/approvals/<uuid:approval_id>/approval", api.Approval.as_view()),
    path("api/v1/approvals/<uuid:approval_id>/refusal", api.Refusal.as_view()),
    path("api/v1/approvals/<uuid:approval_id>/withdrawal", api.Withdrawal.as_view()),
    path("approvals/", pages.inbox),
    path("approvals/waiting", pages.waiting_count),
    path("approvals/<uuid:approval_id>/", pages.approval),
    path("approvals/<uuid:approval_id>/approval", pages.decision_for),
    path("approvals/<uuid:approval_id>/refusal", pages.decision_against),
    path("approvals/<uuid:approval_id>/withdrawal", pages.withdrawal),
]
