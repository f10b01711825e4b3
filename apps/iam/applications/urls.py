from django.urls import path

from apps.iam.applications import account_pages, api, consents_api, pages

_API = "api/v1/applications/<uuid:application_id>"
_PAGE = "applications/<uuid:application_id>"

urlpatterns = [
    path("api/v1/applications", api.Applications.as_view()),
    path(_API, api.ApplicationDetail.as_view()),
    path(f"{_API}/restoration", api.ApplicationRestoration.as_view()),
    path(f"{_API}/erasure", api.ApplicationErasure.as_view()),
    path(f"{_API}/secret", api.ApplicationSecret.as_view()),
    path(f"{_API}/approval", api.ApplicationApproval.as_view()),
    path(f"{_API}/consents", consents_api.ApplicationConsents.as_view()),
    path(f"{_API}/consents/<uuid:consent_id>", consents_api.ApplicationConsent.as_view()),
    path("api/v1/me/consents", consents_api.OwnConsents.as_view()),
    path("api/v1/me/consents/<uuid:consent_id>", consents_api.OwnConsent.as_view()),
    path("api/v1/consent-policy", consents_api.ConsentPolicy.as_view()),
    path("applications/", pages.application_list),
    path("applications/new", pages.application_new),
    path("applications/consent-policy", pages.consent_policy),
    path(f"{_PAGE}/", pages.application_detail),
    path(f"{_PAGE}/state", pages.application_state),
    path(f"{_PAGE}/secret", pages.application_secret),
    path(f"{_PAGE}/approval", pages.application_approval),
    path(f"{_PAGE}/consents/<uuid:consent_id>/withdrawal", pages.application_consent_withdrawal),
    path(f"{_PAGE}/deletion", pages.application_deletion),
    path(f"{_PAGE}/restoration", pages.application_restoration),
    path(f"{_PAGE}/erasure", pages.application_erasure),
    path("account/applications/", account_pages.my_applications),
    path("account/applications/<uuid:consent_id>/withdrawal", account_pages.my_consent_withdrawal),
]
