"""REST: roles, what they allow, and what would change if they allowed something else."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers

from apps.core.api.views import Answer, ApiView, entity_response, expected_version, validated
from apps.core.idempotency import idempotent
from apps.iam.roles import commands, preview, queries
from apps.iam.roles.content import RoleContent
from apps.iam.roles.models import CODE, CODE_LENGTH, DESCRIPTION_LENGTH, NAME_LENGTH, Role
from apps.iam.roles.outlook import PreviewOutput
from apps.iam.roles.permissions import RolePermission

_MOST = 500
_PICKER = OpenApiExample(
    "A role of the tenant's own",
    {
        "code": "shift-lead",
        "label": "Shift lead",
        "description": "A clerk who may also cancel orders.",
        "permissions": ["orders.cancel"],
        "includes": ["clerk"],
    },
    request_only=True,
)


class RoleOutput(serializers.Serializer):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    description = serializers.CharField()
    built_in = serializers.BooleanField(help_text="Part of the platform: it cannot be changed.")
    permissions = serializers.ListField(child=serializers.CharField(), help_text="All that it allows.")
    own_permissions = serializers.ListField(child=serializers.CharField(), help_text="What it holds itself.")
    includes = serializers.ListField(
        child=serializers.CharField(), help_text="Codes of the roles whose permissions it has too."
    )
    version = serializers.IntegerField()
    deleted_at = serializers.DateTimeField(allow_null=True)


class CountedRoleOutput(RoleOutput):
    people_count = serializers.IntegerField(help_text="How many people hold it directly, in the whole tenant.")
    group_count = serializers.IntegerField(help_text="How many groups hold it, in the whole tenant.")


class PermissionOutput(serializers.Serializer):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    held_by = serializers.ListField(child=serializers.CharField(), help_text="Codes of the roles that hold it.")


class RoleMatrixOutput(serializers.Serializer):
    roles = CountedRoleOutput(many=True)
    permissions = PermissionOutput(many=True)


class _Permissions(serializers.ListField):
    child = serializers.CharField(max_length=100)


class _Codes(serializers.ListField):
    child = serializers.CharField(max_length=CODE_LENGTH)


class RoleChanges(serializers.Serializer):
    label = serializers.CharField(max_length=NAME_LENGTH, required=False, help_text="What people call it.")  # type: ignore[assignment]
    description = serializers.CharField(max_length=DESCRIPTION_LENGTH, required=False, allow_blank=True)
    permissions = _Permissions(required=False, max_length=_MOST, help_text="Codes; you must hold each one yourself.")
    includes = _Codes(required=False, max_length=50, help_text="Codes of roles, built-in or your own.")


class RoleInput(RoleChanges):
    code = serializers.RegexField(CODE, max_length=CODE_LENGTH, help_text="How programs name it; it never changes.")
    label = serializers.CharField(max_length=NAME_LENGTH, help_text="What people call it.")  # type: ignore[assignment]


class Roles(ApiView):
    """GET, POST /api/v1/roles: every role of the tenant, the built-in ones first; make one."""

    required_permission = {"GET": RolePermission.VIEW, "POST": RolePermission.MANAGE}
    paged = False

    @extend_schema(responses=RoleOutput(many=True))
    def get(self, request):
        return Answer(RoleOutput(queries.all_roles(), many=True).data)

    @extend_schema(request=RoleInput, responses={201: RoleOutput}, examples=[_PICKER])
    @idempotent(Role)
    def post(self, request):
        wish = validated(RoleInput, request.data)
        code = wish.pop("code")
        commands.create_role(code=code, content=_content(wish), actor=request.actor, now=timezone.now())
        return entity_response(request, queries.role(code), RoleOutput, status=201, location=f"/api/v1/roles/{code}")


class RoleMatrix(ApiView):
    """GET /api/v1/roles/matrix: every role with every permission, and how many hold it."""

    required_permission = RolePermission.VIEW

    @extend_schema(responses=RoleMatrixOutput)
    def get(self, request):
        matrix = queries.matrix()
        roles = [
            {
                **RoleOutput(role).data,
                "people_count": matrix.people.get(role.code, 0),
                "group_count": matrix.group_counts.get(role.code, 0),
            }
            for role in matrix.roles
        ]
        permissions = [permission for group in matrix.groups for permission in group.permissions]
        return Answer(RoleMatrixOutput({"roles": roles, "permissions": permissions}).data)


class RoleDetail(ApiView):
    """GET, PATCH, DELETE /api/v1/roles/{role_code}: one role; a deleted one can still be read, and restored."""

    required_permission = {
        "GET": RolePermission.VIEW,
        "PATCH": RolePermission.MANAGE,
        "DELETE": RolePermission.MANAGE,
    }
    versioned = True

    @extend_schema(responses=RoleOutput)
    def get(self, request, role_code):
        return entity_response(request, queries.role(role_code), RoleOutput)

    @extend_schema(request=RoleChanges, responses=RoleOutput)
    def patch(self, request, role_code):
        """Change a role for everybody who holds it"""
        commands.update_role(
            code=role_code,
            content=_changed(role_code, validated(RoleChanges, request.data)),
            expected_version=expected_version(request),
            actor=request.actor,
            now=timezone.now(),
        )
        return entity_response(request, queries.role(role_code), RoleOutput)

    @extend_schema(responses={204: None})
    def delete(self, request, role_code):
        """Take a role out of use, with all its assignments"""
        commands.delete_role(
            code=role_code, expected_version=expected_version(request), actor=request.actor, now=timezone.now()
        )
        return Answer(status=204)


class RoleRestoration(ApiView):
    """POST /api/v1/roles/{role_code}/restoration: bring back a deleted role, and who held it."""

    required_permission = RolePermission.MANAGE

    @extend_schema(request=None, responses=RoleOutput)
    def post(self, request, role_code):
        commands.restore_role(code=role_code, actor=request.actor, now=timezone.now())
        return entity_response(request, queries.role(role_code), RoleOutput)


class RolePreview(ApiView):
    """POST /api/v1/roles/{role_code}/preview: who would gain and lose what if the role were this. Nothing is saved.

    The code may be that of a role yet to be made.
    """

    required_permission = RolePermission.VIEW

    @extend_schema(request=RoleChanges, responses=PreviewOutput)
    def post(self, request, role_code):
        content = _changed(role_code, validated(RoleChanges, request.data))
        return Answer(PreviewOutput(preview.of_role(role_code, content, now=timezone.now())).data)


def _content(wish):
    return RoleContent(name=wish.pop("label"), **{name: _plain(value) for name, value in wish.items()})


def _changed(code, wish):
    """The role as it is, with what is wished; one that there is not yet begins with nothing."""
    content = queries.content_of(code) or RoleContent(wish.get("label", code))
    if "label" in wish:
        wish["name"] = wish.pop("label")
    return content.changed(**{name: _plain(value) for name, value in wish.items()})


def _plain(value):
    return tuple(value) if isinstance(value, list) else value
