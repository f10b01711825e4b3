from django.urls import path

from apps.iam.credentials import api, link_pages, pages

urlpatterns = [
    path("api/v1/me/password", api.MyPassword.as_view()),
    path("api/v1/me/email-change", api.MyEmailChange.as_view()),
    path("api/v1/me/email-verification", api.MyEmailVerification.as_view()),
    path("api/v1/users/<uuid:user_id>/invitation", api.MemberInvitation.as_view()),
    path("api/v1/users/<uuid:user_id>/lock", api.MemberLock.as_view()),
    path("account/", pages.profile),
    path("account/email-change", pages.email_change),
    path("account/email-verification", pages.email_verification),
    path("account/security/", pages.security),
    path("sign-in/forgotten/", link_pages.forgotten),
    path("sign-in/reset/<str:token>", link_pages.reset),
    path("invitation/<str:token>", link_pages.invitation),
    path("email/verification/<str:token>", link_pages.email_verification),
    path("email/change/<str:token>", link_pages.email_change),
]
