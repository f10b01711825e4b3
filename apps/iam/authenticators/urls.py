from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import include, path
from django.views.generic import View

from apps.core.db.replicas import primary_only
from apps.iam.authenticators import api, pages, sign_in_pages
from apps.iam.oidc.form_targets import on_the_way_to_a_client


def _on_primary(view_class: type[View]) -> Callable[..., HttpResponseBase]:
    """What was set up or used a moment ago must be known: a replica may not have it yet."""
    view = view_class.as_view()

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with primary_only():
            return view(request, *args, **kwargs)

    return guarded


_provider = [
    path("sign-in/passkey/", _on_primary(sign_in_pages.PasskeySignIn), name="passkey"),
    path("sign-in/passkey/options", _on_primary(sign_in_pages.PasskeyOptions), name="passkey-options"),
    path("sign-in/second-step/", on_the_way_to_a_client(_on_primary(sign_in_pages.SecondStep)), name="second-step"),
    path("sign-in/enrol/", on_the_way_to_a_client(_on_primary(sign_in_pages.Enrol)), name="enrol"),
    path("sign-in/enrol/options", _on_primary(sign_in_pages.EnrolOptions), name="enrol-options"),
]
urlpatterns = [
    path("", include((_provider, "authenticators"))),
    path("api/v1/me/authenticators", api.Authenticators.as_view()),
    path("api/v1/me/authenticators/totp", api.TotpEnrolment.as_view()),
    path("api/v1/me/authenticators/totp/<uuid:authenticator_id>/confirmation", api.TotpConfirmation.as_view()),
    path("api/v1/me/authenticators/recovery-codes", api.RecoveryCodeSet.as_view()),
    path("api/v1/me/authenticators/passkeys/options", api.PasskeyOptions.as_view()),
    path("api/v1/me/authenticators/passkeys", api.Passkeys.as_view()),
    path("api/v1/me/authenticators/<uuid:authenticator_id>", api.AuthenticatorDetail.as_view()),
    path("api/v1/sign-in-policy", api.SignInPolicyView.as_view()),
    path("api/v1/users/<uuid:user_id>/second-factor-reset", api.SecondFactorReset.as_view()),
    path("account/security/totp", pages.totp_setup),
    path("account/security/totp/<uuid:authenticator_id>", pages.totp_confirmation),
    path("account/security/passkeys/new", pages.passkey_setup),
    path("account/security/recovery-codes", pages.recovery_codes),
    path("account/security/<uuid:authenticator_id>/name", pages.authenticator_name),
    path("account/security/<uuid:authenticator_id>/removal", pages.authenticator_removal),
    path("people/<uuid:user_id>/second-factor-reset", pages.second_factor_reset),
    path("settings/sign-in/", pages.sign_in_policy),
]
