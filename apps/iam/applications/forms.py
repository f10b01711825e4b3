"""Forms of the console's pages about applications."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from apps.iam.oidc.clients import facts

_ONE_A_LINE = "One a line."


class Lines(forms.CharField):
    """A list, one entry a line."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def run_validators(self, value: Any) -> None:
        """The domain says what is wrong with an address."""

    def validate(self, value: Any) -> None:
        """As above."""


class ApplicationForm(forms.Form):
    name = forms.CharField(max_length=100, help_text="As people are asked about it.")
    description = forms.CharField(required=False, max_length=500)
    redirect_uris = Lines(
        label="Where people return to after signing in",
        required=False,
        help_text=f"{_ONE_A_LINE} https, compared character by character; http for this machine alone.",
    )
    post_logout_redirect_uris = Lines(
        label="Where they may return to after signing out", required=False, help_text=_ONE_A_LINE
    )
    logo_uri = forms.CharField(label="Logo", required=False, max_length=500, help_text="An https address.")


class NewApplicationForm(ApplicationForm):
    kind = forms.ChoiceField(
        label="What it is",
        widget=forms.RadioSelect,
        initial="web",
        choices=[
            ("web", "A web application with a server, which keeps a secret"),
            ("single_page", "A single-page application in the browser, without a secret"),
            ("native", "A native application on people's own devices, without a secret"),
            ("machine", "A machine: acts by itself, through a service account"),
        ],
    )
    field_order = ("kind",)


class ApplicationEditForm(ApplicationForm):
    backchannel_logout_uri = forms.CharField(
        label="Where to tell of sign-outs", required=False, max_length=500, help_text="Back-channel logout; https."
    )
    allowed_scopes = forms.MultipleChoiceField(
        label="It may ask for", required=False, widget=forms.CheckboxSelectMultiple, choices=()
    )
    access_token_lifetime_s = forms.IntegerField(
        label="Access tokens are good for (seconds)", required=False, help_text="60 to 3600; empty: the platform's own."
    )
    refresh_token_lifetime_s = forms.IntegerField(
        label="Refresh tokens are good for (seconds)", required=False, help_text="Empty: the platform's own."
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = settings.OAUTH2_PROVIDER["SCOPES"]
        known = facts.scopes_of_kind(kind)
        self.fields["allowed_scopes"].choices = [(scope, f"{words[scope]} ({scope})") for scope in known]  # type: ignore[attr-defined]
        if kind == "machine":
            for name in ("redirect_uris", "post_logout_redirect_uris", "logo_uri", "backchannel_logout_uri"):
                del self.fields[name]


class ErasureForm(forms.Form):
    confirmation = forms.CharField(label="Type its name to confirm", max_length=255)
