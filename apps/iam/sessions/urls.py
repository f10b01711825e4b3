from django.urls import path

from apps.iam.sessions import api, pages

urlpatterns = [
    path("api/v1/me/tenants", api.MyTenants.as_view()),
    path("api/v1/me/sessions", api.MySessions.as_view()),
    path("api/v1/me/sessions/<uuid:session_id>", api.MySession.as_view()),
    path("api/v1/users/<uuid:user_id>/sessions", api.MemberSessions.as_view()),
    path("api/v1/users/<uuid:user_id>/sessions/<uuid:session_id>", api.MemberSession.as_view()),
    path("api/v1/users/<uuid:user_id>/impersonation", api.Impersonation.as_view()),
    path("account/tenants/", pages.my_tenants),
    path("account/sessions/", pages.my_sessions),
    path("account/sessions/end-others", pages.my_other_sessions_end),
    path("account/sessions/<uuid:session_id>/name", pages.my_session_name),
    path("account/sessions/<uuid:session_id>/end", pages.my_session_end),
    path("people/<uuid:user_id>/sessions/", pages.member_sessions),
    path("people/<uuid:user_id>/sessions/end", pages.member_sessions_end),
    path("people/<uuid:user_id>/sessions/<uuid:session_id>/end", pages.member_session_end),
]
