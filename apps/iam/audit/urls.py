from django.urls import path

from apps.iam.audit import api, pages

urlpatterns = [
    path("api/v1/changes", api.Changes.as_view()),
    path("api/v1/security-events", api.SecurityEvents.as_view()),
    path("api/v1/security-events/export", api.SecurityLogExport.as_view()),
    path("api/v1/security-events/verification", api.SecurityLogVerification.as_view()),
    path("api/v1/security-events/<uuid:event_id>", api.SecurityEventDetail.as_view()),
    path("api/v1/me/security-events", api.MySecurityEvents.as_view()),
    path("audit/", pages.change_list),
    path("audit/security/", pages.security_log),
    path("audit/security/export", pages.security_export),
    path("audit/security/verification", pages.security_verification),
    path("audit/security/<uuid:event_id>/", pages.security_event),
    path("account/activity/", pages.own_activity),
]
