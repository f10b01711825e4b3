"""REST: who holds which role, for how long and for which object."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers

from apps.core.api.views import Answer, ApiView, page_of, validated
from apps.core.errors import Invalid
from apps.core.idempotency import idempotent
from apps.iam.access import commands, subjects
from apps.iam.access.filters import AssignmentFilter
from apps.iam.roles import assignments, preview
from apps.iam.roles.outlook import PreviewOutput
from apps.iam.roles.permissions import RolePermission
from apps.iam.roles.resources import resource_types

_EXAMPLE = OpenApiExample(
    "A manager of one product, until the end of the year",
    {
        "holder_kind": "user",
        "holder_id": "01900000-0000-7000-8000-000000000001",
        "role": "manager",
        "resource_type": "product",
        "resource_id": "01900000-0000-7000-8000-000000000002",
        "expires_at": "2026-12-31T23:59:59Z",
    },
    request_only=True,
)


class RoleAssignmentInput(serializers.Serializer):
    holder_kind = serializers.CharField(max_length=16, default="user", help_text="user, service or group")
    holder_id = serializers.UUIDField(help_text="The id of a person, service account or group.")
    role = serializers.CharField(max_length=63, help_text="The code of a role; you must hold all that it allows.")
    resource_type = serializers.CharField(
        max_length=32,
        required=False,
        allow_blank=True,
        default="",
        help_text=f"Left out: it counts in the whole tenant. Else one of: {', '.join(resource_types())}.",
    )
    resource_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="From then on it counts for nothing. Left out: never."
    )

    def validate_holder_kind(self, kind):
        if kind not in subjects.KINDS:
            raise serializers.ValidationError(f"one of: {', '.join(subjects.KINDS)}")
        return kind


class RoleAssignmentOutput(serializers.Serializer):
    id = serializers.UUIDField()
    holder_kind = serializers.CharField(help_text="user, service or group")
    holder_id = serializers.UUIDField()
    role = serializers.CharField(source="role_code")
    resource_type = serializers.CharField(help_text="Empty where it counts in the whole tenant.")
    resource_id = serializers.UUIDField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    state = serializers.SerializerMethodField(help_text="active, expired, or ended by somebody")
    created_at = serializers.DateTimeField()
    created_by = serializers.UUIDField(allow_null=True)
    ended_at = serializers.DateTimeField(source="deleted_at", allow_null=True)
    ended_by = serializers.UUIDField(source="deleted_by", allow_null=True)

    def get_state(self, assignment) -> str:
        return str(assignment.state(timezone.now()))


class AssignmentPreviewInput(RoleAssignmentInput):
    assignment_id = serializers.UUIDField(
        required=False, help_text="Instead of all else: what if this assignment were ended?"
    )
    holder_id = serializers.UUIDField(required=False)
    role = serializers.CharField(max_length=63, required=False)


class RoleAssignments(ApiView):
    """GET, POST /api/v1/role-assignments: who holds which role, the newest first; give somebody one.

    To give what is held already, for the same object, gives it another end.
    """

    required_permission = {"GET": RolePermission.VIEW, "POST": RolePermission.ASSIGN}
    filterset_class = AssignmentFilter
    sortable = ("created_at",)
    refers = frozenset({"POST"})

    @extend_schema(responses=RoleAssignmentOutput(many=True))
    def get(self, request):
        return page_of(request, assignments.assignments(), RoleAssignmentOutput)

    @extend_schema(request=RoleAssignmentInput, responses={201: RoleAssignmentOutput}, examples=[_EXAMPLE])
    @idempotent(assignments.MODEL)
    def post(self, request):
        wish = validated(RoleAssignmentInput, request.data)
        given = commands.grant_role(**wish, actor=request.actor, now=timezone.now())
        location = f"/api/v1/role-assignments/{given.id}"
        return Answer(RoleAssignmentOutput(given).data, status=201, headers={"Location": location})


class RoleAssignmentDetail(ApiView):
    """GET, DELETE /api/v1/role-assignments/{assignment_id}: one assignment; end it."""

    required_permission = {"GET": RolePermission.VIEW, "DELETE": RolePermission.ASSIGN}

    @extend_schema(responses=RoleAssignmentOutput)
    def get(self, request, assignment_id):
        return Answer(RoleAssignmentOutput(assignments.assignment(assignment_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request, assignment_id):
        commands.end_assignment(assignment_id=assignment_id, actor=request.actor, now=timezone.now())
        return Answer(status=204)


class AssignmentPreview(ApiView):
    """POST /api/v1/role-assignments/preview: who would gain and lose what by an assignment, or by the end of one.
    Nothing is saved.
    """

    required_permission = RolePermission.VIEW
    refers = frozenset({"POST"})

    @extend_schema(request=AssignmentPreviewInput, responses=PreviewOutput)
    def post(self, request):
        wish, now = validated(AssignmentPreviewInput, request.data), timezone.now()
        if "assignment_id" in wish:
            return Answer(PreviewOutput(preview.of_end(wish["assignment_id"], now=now)).data)
        missing = {name: ["this field is needed"] for name in ("holder_id", "role") if name not in wish}
        if missing:
            raise Invalid(errors=missing)
        wish.pop("expires_at")
        return Answer(PreviewOutput(preview.of_assignment(**wish, now=now)).data)
