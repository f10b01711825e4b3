"""REST: groups, who belongs to them, and what they hold."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers

from apps.core.api.views import Answer, ApiView, entity_response, expected_version, page_of, validated
from apps.core.idempotency import idempotent
from apps.iam.groups import commands, queries
from apps.iam.groups.errors import NotInGroup
from apps.iam.groups.filters import GroupFilter
from apps.iam.groups.models import DESCRIPTION_LENGTH, EXTERNAL_ID_LENGTH, NAME_LENGTH, Group, GroupMember
from apps.iam.groups.permissions import GroupPermission
from apps.iam.roles.permissions import RolePermission

_MOST = 1000
_SCOPE = ("group", "group_id")


class GroupChanges(serializers.Serializer):
    name = serializers.CharField(max_length=NAME_LENGTH, required=False)
    description = serializers.CharField(max_length=DESCRIPTION_LENGTH, required=False, allow_blank=True)
    external_id = serializers.CharField(
        max_length=EXTERNAL_ID_LENGTH,
        required=False,
        allow_blank=True,
        help_text="What the system that provisions it calls it; unique.",
    )


class GroupInput(GroupChanges):
    name = serializers.CharField(max_length=NAME_LENGTH)


class GroupOutput(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    external_id = serializers.CharField()
    member_count = serializers.IntegerField()
    roles = serializers.ListField(
        child=serializers.CharField(), source="role_codes", help_text="Codes of what it holds in the whole tenant."
    )
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    deleted_at = serializers.DateTimeField(allow_null=True)


class _Ids(serializers.ListField):
    child = serializers.UUIDField()


class GroupMembersInput(serializers.Serializer):
    user_ids = _Ids(required=False, max_length=_MOST, help_text="Ids of people of the tenant.")
    service_account_ids = _Ids(required=False, max_length=_MOST, help_text="Ids of service accounts.")


class GroupMemberOutput(serializers.Serializer):
    id = serializers.UUIDField(source="member_id", help_text="The id of the person or service account.")
    kind = serializers.CharField(source="member_kind", help_text="user or service")
    name = serializers.CharField()
    since = serializers.DateTimeField(source="created_at")


class GroupRolesInput(serializers.Serializer):
    roles = serializers.ListField(child=serializers.CharField(max_length=63), max_length=50)


_FINANCE = OpenApiExample("A group", {"name": "Finance", "description": "Everybody in accounting."}, request_only=True)


class Groups(ApiView):
    """GET, POST /api/v1/groups: the groups of the tenant; make one."""

    required_permission = {"GET": GroupPermission.VIEW, "POST": GroupPermission.MANAGE}
    filterset_class = GroupFilter
    sortable = ("name_key", "created_at")

    @extend_schema(responses=GroupOutput(many=True))
    def get(self, request):
        return page_of(request, queries.groups(), GroupOutput)

    @extend_schema(request=GroupInput, responses={201: GroupOutput}, examples=[_FINANCE])
    @idempotent(Group)
    def post(self, request):
        group = commands.create_group(**validated(GroupInput, request.data), actor=request.actor)
        return entity_response(request, group, GroupOutput, status=201, location=f"/api/v1/groups/{group.id}")


class GroupDetail(ApiView):
    """GET, PATCH, DELETE /api/v1/groups/{group_id}: one group; a deleted one can still be read, and restored."""

    required_permission = {
        "GET": GroupPermission.VIEW,
        "PATCH": GroupPermission.MANAGE,
        "DELETE": GroupPermission.MANAGE,
    }
    scoped_to = _SCOPE
    versioned = True

    @extend_schema(responses=GroupOutput)
    def get(self, request, group_id):
        return entity_response(request, queries.group(group_id), GroupOutput)

    @extend_schema(request=GroupChanges, responses=GroupOutput)
    def patch(self, request, group_id):
        group = commands.update_group(
            group_id=group_id,
            **validated(GroupChanges, request.data),
            actor=request.actor,
            expected_version=expected_version(request),
        )
        return entity_response(request, group, GroupOutput)

    @extend_schema(responses={204: None})
    def delete(self, request, group_id):
        """Take a group out of use; nobody holds anything through it any more"""
        commands.delete_group(
            group_id=group_id, actor=request.actor, now=timezone.now(), expected_version=expected_version(request)
        )
        return Answer(status=204)


class GroupRestoration(ApiView):
    """POST /api/v1/groups/{group_id}/restoration: bring back a group with its members and roles."""

    required_permission = GroupPermission.MANAGE
    scoped_to = _SCOPE

    @extend_schema(request=None, responses=GroupOutput)
    def post(self, request, group_id):
        group = commands.restore_group(group_id=group_id, actor=request.actor, now=timezone.now())
        return entity_response(request, group, GroupOutput)


class GroupMembers(ApiView):
    """GET, POST, PUT /api/v1/groups/{group_id}/members: who belongs to a group; add some; let it be exactly these.

    To be in a group is to hold its roles, so it takes everything that these allow to change who is in it.
    """

    required_permission = {
        "GET": GroupPermission.VIEW,
        "POST": GroupPermission.MANAGE,
        "PUT": GroupPermission.MANAGE,
    }
    scoped_to = _SCOPE

    @extend_schema(responses=GroupMemberOutput(many=True))
    def get(self, request, group_id):
        queries.group(group_id)
        return page_of(request, queries.members(group_id), GroupMemberOutput)

    @extend_schema(request=GroupMembersInput, responses=GroupOutput)
    @idempotent(GroupMember)
    def post(self, request, group_id):
        """Add people and service accounts to a group"""
        wish = _by_kind(validated(GroupMembersInput, request.data))
        group = commands.add_members(group_id=group_id, **wish, actor=request.actor, now=timezone.now())
        return entity_response(request, group, GroupOutput)

    @extend_schema(request=GroupMembersInput, responses=GroupOutput)
    def put(self, request, group_id):
        """Let exactly these belong to a group; a list left out stays as it is"""
        group = commands.replace_members(
            group_id=group_id,
            **_by_kind(validated(GroupMembersInput, request.data)),
            actor=request.actor,
            now=timezone.now(),
            expected_version=expected_version(request),
        )
        return entity_response(request, group, GroupOutput)


class GroupMemberDetail(ApiView):
    """DELETE /api/v1/groups/{group_id}/members/{member_id}: take somebody out of a group."""

    required_permission = GroupPermission.MANAGE
    scoped_to = _SCOPE

    @extend_schema(responses={204: None})
    def delete(self, request, group_id, member_id):
        if not queries.belongs(group_id, member_id):
            raise NotInGroup
        ids = {"user_ids": [member_id], "service_ids": [member_id]}
        commands.remove_members(group_id=group_id, **ids, actor=request.actor, now=timezone.now())
        return Answer(status=204)


class GroupRoles(ApiView):
    """PUT /api/v1/groups/{group_id}/roles: let a group hold exactly these roles in the whole tenant."""

    required_permission = RolePermission.ASSIGN
    versioned = True

    @extend_schema(request=GroupRolesInput, responses=GroupOutput)
    def put(self, request, group_id):
        group = commands.change_roles(
            group_id=group_id,
            roles_held=validated(GroupRolesInput, request.data)["roles"],
            actor=request.actor,
            now=timezone.now(),
            expected_version=expected_version(request),
        )
        return entity_response(request, group, GroupOutput)


def _by_kind(wish):
    names = {"user_ids": "user_ids", "service_account_ids": "service_ids"}
    return {names[name]: ids for name, ids in wish.items()}
