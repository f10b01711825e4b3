from django.urls import path

from apps.iam.users import api, pages

urlpatterns = [
    path("api/v1/me", api.Me.as_view()),
    path("api/v1/users", api.Members.as_view()),
    path("api/v1/users/<uuid:user_id>", api.MemberDetail.as_view()),
    path("api/v1/users/<uuid:user_id>/restoration", api.MemberRestoration.as_view()),
    path("api/v1/users/<uuid:user_id>/roles", api.MemberRoles.as_view()),
    path("people/", pages.people),
    path("people/invite", pages.invitation),
    path("people/<uuid:user_id>/", pages.person),
    path("people/<uuid:user_id>/roles", pages.person_roles),
    path("people/<uuid:user_id>/deletion", pages.person_deletion),
    path("people/<uuid:user_id>/invitation", pages.person_invitation),
    path("people/<uuid:user_id>/invitation/revocation", pages.person_invitation_revocation),
    path("people/<uuid:user_id>/unlocking", pages.person_unlocking),
    path("people/<uuid:user_id>/restoration", pages.person_restoration),
]
