"""REST: where somebody is signed in, and the end of it."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers

from apps.core.api.views import PERSONAL, Answer, ApiView, entity_response, expected_version, page_of, validated
from apps.iam.oidc import people
from apps.iam.sessions import commands, queries
from apps.iam.sessions.events import Kind
from apps.iam.sessions.permissions import ImpersonationPermission, SessionPermission
from apps.iam.users import queries as users


class PersonOutput(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()


class SessionOutput(serializers.Serializer):
    id = serializers.UUIDField(help_text="The `sid` of its tokens.")
    kind = serializers.ChoiceField(
        choices=Kind.choices, help_text="`impersonation`: `impersonator` acts in this person's name."
    )
    person = PersonOutput(source="user", help_text="In whose name everything in this session is done.")
    impersonator = PersonOutput(allow_null=True, help_text="Who really acts; null where the person does.")
    reason = serializers.CharField(help_text="Why somebody else acts; empty otherwise.")
    name = serializers.CharField(help_text="What the person calls it; may be empty.")
    device = serializers.CharField(help_text="Such as `Firefox on Linux`.")
    address = serializers.CharField(help_text="The IP address from which it was begun.")
    current = serializers.SerializerMethodField(help_text="True for the session that this request belongs to.")
    tenant_id = serializers.UUIDField(allow_null=True, help_text="In which tenant it was used last.")
    acr = serializers.CharField(help_text="How sure the sign-in was: `aal1` or `aal2` (NIST SP 800-63B).")
    amr = serializers.ListField(child=serializers.CharField(), help_text="By which methods (RFC 8176).")
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(help_text="To about a minute.")
    expires_at = serializers.DateTimeField(help_text="It ends then, however active.")
    version = serializers.IntegerField()

    @extend_schema_field(serializers.BooleanField())
    def get_current(self, session):
        return str(session.id) == self.context["request"].principal.session_id


class SessionInput(serializers.Serializer):
    name = serializers.CharField(
        max_length=100, allow_blank=True, help_text="What you call this device; empty for its own name."
    )


class EndedOutput(serializers.Serializer):
    ended = serializers.IntegerField(help_text="How many sessions were ended by this call.")


class ImpersonationInput(serializers.Serializer):
    reason = serializers.CharField(
        max_length=500,
        help_text="Why: the person, and whoever reads the audit, are told. `Ticket 4711: invoice missing`.",
    )


class LeaveOutput(serializers.Serializer):
    subject_token = serializers.CharField(help_text="For one token exchange (RFC 8693), by you, in this tenant.")
    subject_token_type = serializers.CharField(help_text="What to send as `subject_token_type`.")
    expires_at = serializers.DateTimeField(help_text="The exchange must be made until then: within a minute.")


class TenantChoiceOutput(serializers.Serializer):
    id = serializers.UUIDField()
    slug = serializers.CharField(help_text="Empty for the platform itself, which its staff enter by its id.")
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField(), help_text="Codes of the roles held there.")
    current = serializers.SerializerMethodField(help_text="True for the tenant of this request.")

    @extend_schema_field(serializers.BooleanField())
    def get_current(self, choice):
        return choice.id == self.context["request"].principal.tenant_id


class MyTenants(ApiView):
    """GET /api/v1/me/tenants: where the caller may work."""

    required_permission = PERSONAL
    paged = False

    @extend_schema(responses=TenantChoiceOutput(many=True))
    def get(self, request):
        """The tenants that you may sign in to, by name.

        To switch, begin an authorization request with `tenant=<slug>`.
        """
        choices = people.tenants_of(request.principal.subject)
        return Answer(TenantChoiceOutput(choices, many=True, context={"request": request}).data)


class MySessions(ApiView):
    """GET, DELETE /api/v1/me/sessions: where the caller is signed in; sign out everywhere else."""

    required_permission = PERSONAL

    @extend_schema(responses=SessionOutput(many=True))
    def get(self, request):
        """Your live sessions, and those in which somebody acts as you or you as somebody, the latest seen first."""
        mine = queries.sessions_of(request.principal.subject, now=timezone.now())
        return page_of(request, mine, SessionOutput)

    @extend_schema(responses={200: EndedOutput})
    def delete(self, request):
        """End all your sessions but the one of this request."""
        ended = commands.revoke_others(
            user_id=request.principal.subject,
            keep=queries.id_of(request.principal.session_id),
            actor=request.actor,
            now=timezone.now(),
        )
        return Answer(EndedOutput({"ended": ended}).data)


class MySession(ApiView):
    """GET, PATCH, DELETE /api/v1/me/sessions/{session_id}: one of the caller's sessions."""

    required_permission = PERSONAL
    versioned = True

    @extend_schema(responses=SessionOutput)
    def get(self, request, session_id):
        found = queries.session_of(request.principal.subject, session_id, now=timezone.now())
        return entity_response(request, found, SessionOutput)

    @extend_schema(request=SessionInput, responses=SessionOutput)
    def patch(self, request, session_id):
        """Call it something else."""
        session = commands.name_session(
            session_id=session_id,
            user_id=request.principal.subject,
            **validated(SessionInput, request.data),
            actor=request.actor,
            now=timezone.now(),
            expected_version=expected_version(request),
        )
        return entity_response(request, session, SessionOutput)

    @extend_schema(responses={204: None})
    def delete(self, request, session_id):
        """End it: its tokens are refused everywhere at once."""
        commands.revoke_own(
            session_id=session_id, user_id=request.principal.subject, actor=request.actor, now=timezone.now()
        )
        return Answer(status=204)


class MemberSessions(ApiView):
    """GET, DELETE /api/v1/users/{user_id}/sessions: where a member is signed in; sign them out everywhere."""

    required_permission = SessionPermission.MANAGE

    @extend_schema(responses=SessionOutput(many=True))
    def get(self, request, user_id):
        """A member's live sessions that were used in this tenant, the latest seen first."""
        users.membership(user_id)
        return page_of(request, queries.sessions_in_tenant(user_id, now=timezone.now()), SessionOutput)

    @extend_schema(responses={200: EndedOutput})
    def delete(self, request, user_id):
        """End all of them."""
        ended = commands.revoke_in_tenant(user_id=user_id, actor=request.actor, now=timezone.now())
        return Answer(EndedOutput({"ended": ended}).data)


class MemberSession(ApiView):
    """DELETE /api/v1/users/{user_id}/sessions/{session_id}: sign a member out at one device."""

    required_permission = SessionPermission.MANAGE

    @extend_schema(responses={204: None})
    def delete(self, request, user_id, session_id):
        commands.revoke_in_tenant(user_id=user_id, session_id=session_id, actor=request.actor, now=timezone.now())
        return Answer(status=204)


class Impersonation(ApiView):
    """POST /api/v1/users/{user_id}/impersonation: leave to act as a member, for a token exchange."""

    required_permission = ImpersonationPermission.IMPERSONATE

    @extend_schema(request=ImpersonationInput, responses={200: LeaveOutput})
    def post(self, request, user_id):
        """Get leave to act as a member.

        Nothing happens yet. Within a minute a client that is trusted with it exchanges the token at `/oidc/token`:
        `grant_type=urn:ietf:params:oauth:grant-type:token-exchange`, the `subject_token` of this answer, and as
        `actor_token` your own access token, with `actor_token_type=urn:ietf:params:oauth:token-type:access_token`. The
        access token that comes back is the person's, names you in `act`, and ends after an hour at most, when you stop
        (`DELETE /api/v1/me/sessions/{session_id}`, `sid` in the token), or when the person ends it.
        """
        granted = commands.permit_impersonation(
            user_id=user_id,
            **validated(ImpersonationInput, request.data),
            actor=request.actor,
            session_id=request.principal.session_id,
        )
        leave = {
            "subject_token": granted.subject_token,
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "expires_at": datetime.fromtimestamp(granted.expires_at, UTC),
        }
        return Answer(LeaveOutput(leave).data, headers={"Cache-Control": "no-store"})
