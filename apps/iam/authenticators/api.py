"""REST: one's own second factors, what a tenant asks of its people, and help for somebody who lost their phone."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers

from apps.core.api.permissions import PERSONAL
from apps.core.api.views import SENSITIVE, Answer, ApiView, entity_response, expected_version, validated
from apps.core.idempotency import idempotent
from apps.iam.authenticators import commands, queries, totp
from apps.iam.authenticators.models import NAME_LENGTH, Kind, Passkey, SignInPolicy, Totp
from apps.iam.authenticators.permissions import SignInPermission


class AuthenticatorOutput(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    name = serializers.CharField()
    is_synced = serializers.BooleanField(default=False, help_text="A passkey that lives in more than one device.")
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class SecurityOutput(serializers.Serializer):
    authenticators = AuthenticatorOutput(many=True, source="held.factors")
    recovery_codes_left = serializers.IntegerField(source="held.codes_left")
    passkeys_available = serializers.BooleanField(help_text="False where the address of the platform has no host name.")
    is_required = serializers.BooleanField(
        source="asked.is_required", help_text="This tenant asks you for a second factor."
    )
    required_from = serializers.DateTimeField(
        source="asked.deadline", allow_null=True, help_text="Until then you may sign in without; null: from now on."
    )
    methods = serializers.ListField(child=serializers.ChoiceField(choices=Kind.choices), source="asked.methods")


class NameInput(serializers.Serializer):
    name = serializers.CharField(max_length=NAME_LENGTH)


class TotpInput(serializers.Serializer):
    name = serializers.CharField(max_length=NAME_LENGTH, default="Authenticator app")


class TotpOutput(AuthenticatorOutput):
    secret = serializers.CharField(
        allow_null=True, help_text="For typing into an app (base32). In the first answer only."
    )
    uri = serializers.CharField(allow_null=True, help_text="What the QR code says. In the first answer only.")
    qr_code = serializers.CharField(
        allow_null=True, help_text="The QR code, an SVG image as a data: URL. In the first answer only."
    )


class CodeInput(serializers.Serializer):
    code = serializers.CharField(max_length=20, help_text="The six digits that the app shows now.")


class EnrolledOutput(AuthenticatorOutput):
    recovery_codes = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="With the first second factor: ten codes for the day on which it is lost. In the first answer only.",
    )


class CodesOutput(serializers.Serializer):
    count = serializers.IntegerField()
    codes = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Good once each. In the first answer only."
    )


class CeremonyOutput(serializers.Serializer):
    options = serializers.DictField(help_text="PublicKeyCredentialCreationOptionsJSON (WebAuthn §5.1.8).")
    state = serializers.CharField(help_text="Send it back with the answer, within five minutes.")


class PasskeyInput(serializers.Serializer):
    name = serializers.CharField(max_length=NAME_LENGTH)
    credential = serializers.DictField(
        help_text="RegistrationResponseJSON (WebAuthn §5.1.8.1), as `toJSON()` gives it."
    )
    state = serializers.CharField(max_length=1000)


class PolicyOutput(serializers.Serializer):
    mfa = serializers.ChoiceField(choices=SignInPolicy.Mfa.choices, help_text="Who must have a second factor.")
    mfa_roles = serializers.ListField(
        child=serializers.CharField(), help_text="With `roles`: the codes of the roles that must."
    )
    mfa_since = serializers.DateTimeField(allow_null=True)
    grace_days = serializers.IntegerField(help_text="For how many days people may put it off.")
    methods = serializers.ListField(child=serializers.ChoiceField(choices=Kind.choices), help_text="Which kinds count.")
    session_max_s = serializers.IntegerField(
        allow_null=True, help_text="Seconds after which people sign in anew; null: as long as the platform allows."
    )
    version = serializers.IntegerField(help_text="0 while nothing was ever decided.")


class PolicyInput(serializers.Serializer):
    mfa = serializers.ChoiceField(choices=SignInPolicy.Mfa.choices, required=False)
    mfa_roles = serializers.ListField(child=serializers.CharField(max_length=63), required=False, max_length=200)
    grace_days = serializers.IntegerField(required=False, min_value=0, max_value=90)
    methods = serializers.ListField(
        child=serializers.ChoiceField(choices=Kind.choices), required=False, allow_empty=False, max_length=len(Kind)
    )
    session_max_s = serializers.IntegerField(required=False, allow_null=True, min_value=300, max_value=30 * 24 * 3600)


class ResetInput(serializers.Serializer):
    reason = serializers.CharField(max_length=200, help_text="Kept in the security log.")


class ResetOutput(serializers.Serializer):
    removed = serializers.IntegerField(help_text="How many second factors there were.")


class Authenticators(ApiView):
    """GET /api/v1/me/authenticators: one's own second factors, and what this tenant asks for."""

    required_permission = PERSONAL

    @extend_schema(responses=SecurityOutput)
    def get(self, request):
        return Answer(SecurityOutput(queries.security_of(request.principal.subject)).data)


class AuthenticatorDetail(ApiView):
    """GET, PATCH, DELETE /api/v1/me/authenticators/{id}: one of them."""

    required_permission = PERSONAL
    step_up = SENSITIVE
    versioned = True

    @extend_schema(responses=AuthenticatorOutput)
    def get(self, request, authenticator_id):
        found = queries.authenticator_of(request.principal.subject, authenticator_id)
        return entity_response(request, found, AuthenticatorOutput)

    @extend_schema(request=NameInput, responses=AuthenticatorOutput)
    def patch(self, request, authenticator_id):
        found = commands.rename_authenticator(
            user_id=request.principal.subject,
            authenticator_id=authenticator_id,
            **validated(NameInput, request.data),
            actor=request.actor,
            expected_version=expected_version(request),
        )
        return entity_response(request, found, AuthenticatorOutput)

    @extend_schema(responses={204: None})
    def delete(self, request, authenticator_id):
        commands.remove_authenticator(
            user_id=request.principal.subject,
            authenticator_id=authenticator_id,
            actor=request.actor,
            now=timezone.now(),
            expected_version=expected_version(request),
        )
        return Answer(status=204)


class TotpEnrolment(ApiView):
    """POST /api/v1/me/authenticators/totp: a secret for an authenticator app, which counts once a code confirms it."""

    required_permission = PERSONAL
    step_up = SENSITIVE

    @extend_schema(request=TotpInput, responses={201: TotpOutput})
    def post(self, request):
        answer = self._begin(request)
        new = getattr(request, "new_totp", None)
        # Added behind the memory for repeated requests, which must not keep a secret.
        secrets = {"secret": new.secret, "uri": new.uri, "qr_code": totp.qr_data_url(new.uri)} if new else _NOTHING
        answer.data = {**answer.data, **secrets}
        return answer

    post.idempotent = True  # type: ignore[attr-defined]  # for the schema: see `_begin`

    @idempotent(Totp)
    def _begin(self, request):
        new = commands.begin_totp(
            user_id=request.principal.subject, actor=request.actor, **validated(TotpInput, request.data)
        )
        request.new_totp = new
        return entity_response(
            request, new.authenticator, AuthenticatorOutput, status=201, location=_address(new.authenticator)
        )


_NOTHING = {"secret": None, "uri": None, "qr_code": None}


class TotpConfirmation(ApiView):
    """POST /api/v1/me/authenticators/totp/{id}/confirmation: prove that the app works; from now on it counts."""

    required_permission = PERSONAL
    step_up = SENSITIVE

    @extend_schema(
        request=CodeInput,
        responses=EnrolledOutput,
        examples=[OpenApiExample("Code", {"code": "492039"}, request_only=True)],
    )
    def post(self, request, authenticator_id):
        user_id, now = request.principal.subject, timezone.now()
        found = commands.confirm_totp(
            user_id=user_id,
            authenticator_id=authenticator_id,
            **validated(CodeInput, request.data),
            actor=request.actor,
            now=now,
        )
        codes = commands.first_recovery_codes(user_id=user_id, actor=request.actor, now=now)
        return Answer(_enrolled(found, codes))


class RecoveryCodeSet(ApiView):
    """POST /api/v1/me/authenticators/recovery-codes: ten new codes; the old ones are good no longer."""

    required_permission = PERSONAL
    step_up = SENSITIVE

    @extend_schema(request=None, responses={201: CodesOutput})
    def post(self, request):
        answer = self._make(request)
        answer.data = {**answer.data, "codes": getattr(request, "recovery_codes", None)}
        return answer

    post.idempotent = True  # type: ignore[attr-defined]  # for the schema: see `_make`

    @idempotent(Totp)
    def _make(self, request):
        request.recovery_codes = commands.make_recovery_codes(
            user_id=request.principal.subject, actor=request.actor, now=timezone.now()
        )
        return Answer({"count": len(request.recovery_codes)}, status=201)


class PasskeyOptions(ApiView):
    """POST /api/v1/me/authenticators/passkeys/options: what a browser needs to make a passkey."""

    required_permission = PERSONAL
    step_up = SENSITIVE

    @extend_schema(request=None, responses=CeremonyOutput)
    def post(self, request):
        ceremony = commands.begin_passkey(
            user_id=request.principal.subject, actor=request.actor, place=place_of(request.principal)
        )
        return Answer(CeremonyOutput(ceremony).data)


class Passkeys(ApiView):
    """POST /api/v1/me/authenticators/passkeys: keep the passkey that the browser made."""

    required_permission = PERSONAL
    step_up = SENSITIVE

    @extend_schema(request=PasskeyInput, responses={201: EnrolledOutput})
    def post(self, request):
        answer = self._add(request)
        if answer.status_code == 201:
            answer.data = {**answer.data, "recovery_codes": getattr(request, "recovery_codes", None)}
        return answer

    post.idempotent = True  # type: ignore[attr-defined]  # for the schema: see `_add`

    @idempotent(Passkey)
    def _add(self, request):
        user_id, now = request.principal.subject, timezone.now()
        values = validated(PasskeyInput, request.data)
        made = commands.add_passkey(
            user_id=user_id,
            answer=values["credential"],
            state=values["state"],
            place=place_of(request.principal),
            name=values["name"],
            actor=request.actor,
            now=now,
        )
        request.recovery_codes = commands.first_recovery_codes(user_id=user_id, actor=request.actor, now=now)
        return entity_response(request, made, AuthenticatorOutput, status=201, location=_address(made))


class SignInPolicyView(ApiView):
    """GET, PATCH /api/v1/sign-in-policy: what this tenant asks of its people when they sign in."""

    required_permission = SignInPermission.MANAGE_POLICY
    step_up = SENSITIVE
    versioned = True

    @extend_schema(responses=PolicyOutput)
    def get(self, request):
        return entity_response(request, queries.policy(), PolicyOutput)

    @extend_schema(
        request=PolicyInput,
        responses=PolicyOutput,
        examples=[
            OpenApiExample("Everybody, in two weeks", {"mfa": "everybody", "grace_days": 14}, request_only=True),
            OpenApiExample(
                "Owners, by passkey",
                {"mfa": "roles", "mfa_roles": ["owner"], "methods": ["passkey"]},
                request_only=True,
            ),
        ],
    )
    def patch(self, request):
        policy = commands.change_policy(
            actor=request.actor,
            now=timezone.now(),
            expected_version=expected_version(request),
            **validated(PolicyInput, request.data, partial=True),
        )
        return entity_response(request, policy, PolicyOutput)


class SecondFactorReset(ApiView):
    """POST /api/v1/users/{user_id}/second-factor-reset: take all second factors of somebody who lost them, and end
    their sessions.
    """

    required_permission = SignInPermission.RESET
    step_up = SENSITIVE

    @extend_schema(request=ResetInput, responses=ResetOutput)
    def post(self, request, user_id):
        removed = commands.reset_member(
            user_id=user_id, actor=request.actor, now=timezone.now(), **validated(ResetInput, request.data)
        )
        return Answer(ResetOutput({"removed": removed}).data)


def place_of(principal) -> str:
    """The name that binds a ceremony to the session, or the caller, that began it."""
    return f"{principal.subject}|{principal.session_id}"


def _enrolled(found, codes):
    return {**AuthenticatorOutput(found).data, "recovery_codes": codes}


def _address(found) -> str:
    return f"/api/v1/me/authenticators/{found.id}"
