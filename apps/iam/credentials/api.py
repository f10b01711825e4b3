"""REST: the caller's password and address; invitations and locks of the people of a tenant."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers

from apps.core.api.views import PERSONAL, SENSITIVE, Answer, ApiView, validated
from apps.core.idempotency import idempotent
from apps.iam.credentials import commands, locks, proving, queries
from apps.iam.credentials.models import Invitation
from apps.iam.credentials.passwords import LONGEST
from apps.iam.users import queries as people
from apps.iam.users.names import EMAIL_LENGTH
from apps.iam.users.permissions import UserPermission


class PasswordInput(serializers.Serializer):
    current_password = serializers.CharField(
        required=False,
        max_length=LONGEST,
        trim_whitespace=False,
        help_text="The present one. May be left out within five minutes of a sign-in with two factors.",
    )
    password = serializers.CharField(
        max_length=LONGEST,
        trim_whitespace=False,
        help_text="At least 12 characters; nothing about you, nothing common, nothing that was stolen elsewhere.",
    )


class EmailInput(serializers.Serializer):
    email = serializers.EmailField(max_length=EMAIL_LENGTH, help_text="The new address. A link is sent there.")


class InvitationOutput(serializers.Serializer):
    state = serializers.ChoiceField(choices=["open", "expired", "accepted", "revoked"])
    sent_at = serializers.DateTimeField(help_text="When the link was mailed last.")
    expires_at = serializers.DateTimeField(help_text="Until when it is good, unless accepted or revoked before.")


class LockOutput(serializers.Serializer):
    locked_until = serializers.DateTimeField(
        source="until", allow_null=True, help_text="Null while the person can sign in from everywhere."
    )
    everywhere = serializers.BooleanField(
        help_text="True where nobody can sign in but from devices that did before; false for one place alone."
    )


_PASSWORD_EXAMPLE = OpenApiExample(
    "With the present password",
    value={"current_password": "correct horse battery staple", "password": "seven quiet lighthouses"},
    request_only=True,
)


class MyPassword(ApiView):
    """POST /api/v1/me/password: use another password. Sessions elsewhere end, and a mail tells of it."""

    required_permission = PERSONAL

    @extend_schema(request=PasswordInput, responses={204: None}, examples=[_PASSWORD_EXAMPLE])
    def post(self, request):
        values = validated(PasswordInput, request.data)
        proving.change_password(request, password=values["password"], current=values.get("current_password"))
        return Answer(status=204)


class MyEmailChange(ApiView):
    """POST /api/v1/me/email-change: use another address. It changes when the link that is sent there is followed."""

    required_permission = PERSONAL
    step_up = SENSITIVE

    @extend_schema(request=EmailInput, responses={204: None})
    def post(self, request):
        email = validated(EmailInput, request.data)["email"]
        commands.request_email_change(user_id=request.principal.subject, email=email, now=timezone.now())
        return Answer(status=204)


class MyEmailVerification(ApiView):
    """POST /api/v1/me/email-verification: have the link sent that confirms the caller's address."""

    required_permission = PERSONAL

    @extend_schema(request=None, responses={204: None})
    def post(self, request):
        commands.request_verification(user_id=request.principal.subject, now=timezone.now())
        return Answer(status=204)


class MemberInvitation(ApiView):
    """GET, POST, DELETE /api/v1/users/{user_id}/invitation: what became of it; mail it again; take it back."""

    required_permission = {
        "GET": UserPermission.VIEW,
        "POST": UserPermission.MANAGE,
        "DELETE": UserPermission.MANAGE,
    }

    @extend_schema(responses=InvitationOutput)
    def get(self, request, user_id):
        people.membership(user_id)
        return Answer(_facts(queries.invitation(user_id)))

    @extend_schema(request=None, responses={201: InvitationOutput})
    @idempotent(Invitation)
    def post(self, request, user_id):
        invitation = commands.send_invitation(user_id=user_id, actor=request.actor, now=timezone.now())
        return Answer(_facts(invitation), status=201)

    @extend_schema(responses={204: None})
    def delete(self, request, user_id):
        people.membership(user_id)
        commands.revoke_invitation(user_id=user_id, actor=request.actor, now=timezone.now())
        return Answer(status=204)


class MemberLock(ApiView):
    """GET, DELETE /api/v1/users/{user_id}/lock: whether wrong passwords keep somebody out; let them try again."""

    required_permission = {"GET": UserPermission.VIEW, "DELETE": UserPermission.MANAGE}

    @extend_schema(responses=LockOutput)
    def get(self, request, user_id):
        lock = locks.lock_of_member(user_id)
        return Answer(LockOutput(lock or {"until": None, "everywhere": False}).data)

    @extend_schema(responses={204: None})
    def delete(self, request, user_id):
        commands.lift_lock(user_id=user_id)
        return Answer(status=204)


def _facts(invitation: Invitation) -> dict[str, object]:
    return InvitationOutput(
        {
            "state": invitation.state(at=timezone.now()),
            "sent_at": invitation.sent_at,
            "expires_at": invitation.expires_at,
        }
    ).data
