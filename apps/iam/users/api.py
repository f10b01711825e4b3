"""REST: the caller, and the people of a tenant. A member's id here is the person's, which other services know too."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.core.api.views import (
    AUTHENTICATED,
    PERSONAL,
    Answer,
    ApiView,
    entity_response,
    etag_of,
    expected_version,
    page_of,
    validated,
)
from apps.core.idempotency import idempotent
from apps.core.tenancy import PLATFORM
from apps.iam.approvals import commands as approvals
from apps.iam.approvals import pending
from apps.iam.credentials import commands as credentials
from apps.iam.roles.permissions import RolePermission
from apps.iam.roles.stepping_up import require_step_up_to_grant
from apps.iam.tenants import queries as tenants
from apps.iam.users import commands, queries
from apps.iam.users.filters import MemberFilter
from apps.iam.users.models import Membership
from apps.iam.users.names import EMAIL_LENGTH, NAME_LENGTH
from apps.iam.users.permissions import UserPermission


class TenantOutput(serializers.Serializer):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    default_currency = serializers.CharField()


class ProfileOutput(serializers.Serializer):
    """What people say of themselves; the same in every tenant."""

    name = serializers.CharField(help_text="A tenant may call them otherwise.")
    email = serializers.EmailField()
    email_verified = serializers.BooleanField(help_text="Whether the mailbox was shown to be theirs.")
    locale = serializers.CharField(help_text="A language tag (BCP 47).")
    time_zone = serializers.CharField(help_text="Of the IANA database.")
    sign_in_alerts = serializers.BooleanField(help_text="Whether a mail tells of devices that were not seen before.")


class ProfileInput(serializers.Serializer):
    name = serializers.CharField(max_length=NAME_LENGTH, required=False)
    locale = serializers.CharField(max_length=35, required=False, help_text="Such as en-GB.")
    time_zone = serializers.CharField(max_length=64, required=False, help_text="Such as Europe/Oslo.")
    sign_in_alerts = serializers.BooleanField(required=False)


class MeOutput(serializers.Serializer):
    id = serializers.UUIDField(source="principal.subject")
    kind = serializers.ChoiceField(source="principal.kind", choices=["user", "service"])
    name = serializers.CharField(source="principal.name")
    email = serializers.CharField(source="principal.email")
    method = serializers.CharField(source="principal.method", help_text="How the caller was authenticated.")
    tenant = TenantOutput(allow_null=True, help_text="Null for the platform's staff at work for the platform.")
    roles = serializers.ListField(child=serializers.CharField(), source="principal.roles")
    permissions = serializers.ListField(child=serializers.CharField())
    profile = ProfileOutput(allow_null=True, help_text="Null for a service account.")


class MemberOutput(serializers.Serializer):
    id = serializers.UUIDField(source="user_id", help_text="The person's id, the same in every tenant.")
    name = serializers.CharField()
    email = serializers.EmailField(source="user.email")
    state = serializers.ChoiceField(choices=queries.STATES)
    roles = serializers.ListField(child=serializers.CharField(), source="role_codes")
    joined_at = serializers.DateTimeField(allow_null=True)
    invitation_expires_at = serializers.DateTimeField(
        allow_null=True, help_text="Until when the link in the mail is good; null for who has joined or got no mail."
    )
    invitation_revoked_at = serializers.DateTimeField(allow_null=True, help_text="When the link was taken back.")
    deleted_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class InvitedOutput(MemberOutput):
    one_time_password = serializers.CharField(
        allow_null=True,
        help_text="The first password of somebody new to the platform, if one was made. In the first answer only.",
    )


class RoleCodes(serializers.ListField):
    child = serializers.CharField(max_length=63)


class InvitationInput(serializers.Serializer):
    email = serializers.EmailField(max_length=EMAIL_LENGTH)
    name = serializers.CharField(max_length=NAME_LENGTH)
    roles = RoleCodes(allow_empty=False, max_length=50)
    with_password = serializers.BooleanField(
        default=False,
        help_text="Make a one-time password besides the link in the mail. Always made where no mail is sent.",
    )


class MemberInput(serializers.Serializer):
    name = serializers.CharField(max_length=NAME_LENGTH, required=False)
    suspended = serializers.BooleanField(required=False)


class RolesInput(serializers.Serializer):
    roles = RoleCodes(allow_empty=False, max_length=50)


class Me(ApiView):
    """GET, PATCH /api/v1/me: who is calling, in which tenant, with which permissions; what they say of themselves.

    The ETag is that of the profile: what a PATCH is to be based on.
    """

    required_permission = {"GET": AUTHENTICATED, "PATCH": PERSONAL}
    versioned = True

    @extend_schema(responses=MeOutput)
    def get(self, request):
        is_person = request.principal.kind == "user"
        return _me(request, queries.user(request.principal.subject) if is_person else None)

    @extend_schema(request=ProfileInput, responses=MeOutput)
    def patch(self, request):
        change = commands.ProfileChange(**validated(ProfileInput, request.data))
        user = commands.update_profile(
            user_id=request.principal.subject, change=change, expected_version=expected_version(request)
        )
        return _me(request, user)


def _me(request: Any, profile: Any) -> Answer:
    """Not an entity with a 304: permissions change without the profile."""
    principal = request.principal
    me = {
        "principal": principal,
        "tenant": None if principal.tenant_id == PLATFORM else tenants.tenant_by_id(principal.tenant_id),
        "permissions": sorted(principal.permissions),
        "profile": profile,
    }
    return Answer(MeOutput(me).data, headers={"ETag": etag_of(profile)} if profile else {})


class Members(ApiView):
    """GET, POST /api/v1/users: the people of the tenant; invite somebody."""

    required_permission = {"GET": UserPermission.VIEW, "POST": UserPermission.MANAGE}
    filterset_class = MemberFilter
    sortable = ("name", "created_at")

    @extend_schema(responses=MemberOutput(many=True))
    def get(self, request):
        return page_of(request, queries.members(), MemberOutput)

    @extend_schema(request=InvitationInput, responses={201: InvitedOutput})
    def post(self, request):
        request.principal.require(RolePermission.ASSIGN)
        answer = self._invite(request)
        if answer.status_code == 201:
            # Added behind the memory for repeated requests, which must not keep a password.
            answer.data = {**answer.data, "one_time_password": getattr(request, "one_time_password", None)}
        return answer

    post.idempotent = True  # type: ignore[attr-defined]  # for the schema: see `_invite`

    @idempotent(Membership)
    def _invite(self, request):
        values = validated(InvitationInput, request.data)
        require_step_up_to_grant(request.principal, values["roles"])
        invitation = credentials.invite(**values, actor=request.actor, now=timezone.now())
        request.one_time_password = invitation.one_time_password
        member = queries.member(invitation.membership.user_id)
        return entity_response(request, member, MemberOutput, status=201, location=f"/api/v1/users/{member.user_id}")


class MemberDetail(ApiView):
    """GET, PATCH, DELETE /api/v1/users/{user_id}: one person of the tenant."""

    required_permission = {
        "GET": UserPermission.VIEW,
        "PATCH": UserPermission.MANAGE,
        "DELETE": UserPermission.MANAGE,
    }
    versioned = True

    @extend_schema(responses=MemberOutput)
    def get(self, request, user_id):
        return entity_response(request, queries.member(user_id), MemberOutput)

    @extend_schema(request=MemberInput, responses=MemberOutput)
    def patch(self, request, user_id):
        member = commands.update_member(
            user_id=user_id,
            **validated(MemberInput, request.data),
            actor=request.actor,
            expected_version=expected_version(request),
        )
        return entity_response(request, member, MemberOutput)

    @extend_schema(responses={204: None})
    def delete(self, request, user_id):
        commands.delete_member(
            user_id=user_id, actor=request.actor, now=timezone.now(), expected_version=expected_version(request)
        )
        return Answer(status=204)


class MemberRestoration(ApiView):
    """POST /api/v1/users/{user_id}/restoration: bring back somebody who was deleted, with the same roles.

    An owner takes two people: 202 with the request for approval.
    """

    required_permission = UserPermission.MANAGE

    @extend_schema(request=None, responses={200: MemberOutput, 202: pending.ApprovalOutput})
    def post(self, request, user_id):
        facts = {"actor": request.actor, "now": timezone.now()}
        outcome = approvals.done_or_requested(lambda: commands.restore_member(user_id=user_id, **facts), **facts)
        return _answer(request, outcome)


class MemberRoles(ApiView):
    """PUT /api/v1/users/{user_id}/roles: let somebody hold exactly these roles.

    Making an owner takes two people while there is a second owner: 202 with the request for approval.
    """

    required_permission = RolePermission.ASSIGN
    versioned = True

    @extend_schema(request=RolesInput, responses={200: MemberOutput, 202: pending.ApprovalOutput})
    def put(self, request, user_id):
        codes, version = validated(RolesInput, request.data)["roles"], expected_version(request)
        require_step_up_to_grant(request.principal, codes, held=queries.member(user_id).role_codes)
        facts = {"actor": request.actor, "now": timezone.now()}
        outcome = approvals.done_or_requested(
            lambda: commands.change_roles(user_id=user_id, roles_held=codes, expected_version=version, **facts), **facts
        )
        return _answer(request, outcome)


def _answer(request, outcome):
    if pending.is_pending(outcome):
        return pending.accepted(request, outcome)
    return entity_response(request, outcome, MemberOutput)
