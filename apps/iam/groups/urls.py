from django.urls import path

from apps.iam.groups import api, pages

urlpatterns = [
    path("api/v1/groups", api.Groups.as_view()),
    path("api/v1/groups/<uuid:group_id>", api.GroupDetail.as_view()),
    path("api/v1/groups/<uuid:group_id>/restoration", api.GroupRestoration.as_view()),
    path("api/v1/groups/<uuid:group_id>/members", api.GroupMembers.as_view()),
    path("api/v1/groups/<uuid:group_id>/members/<uuid:member_id>", api.GroupMemberDetail.as_view()),
    path("api/v1/groups/<uuid:group_id>/roles", api.GroupRoles.as_view()),
    path("groups/", pages.group_list),
    path("groups/new", pages.group_new),
    path("groups/<uuid:group_id>/", pages.group_detail),
    path("groups/<uuid:group_id>/roles", pages.group_roles),
    path("groups/<uuid:group_id>/members", pages.group_members),
    path("groups/<uuid:group_id>/members/<uuid:member_id>/removal", pages.group_member_removal),
    path("groups/<uuid:group_id>/deletion", pages.group_deletion),
    path("groups/<uuid:group_id>/restoration", pages.group_restoration),
]
