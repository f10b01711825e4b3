"""Forms about second factors and sign-in policies: shape only, rules are the commands'."""

from __future__ import annotations

from django import forms

from apps.iam.authenticators.models import NAME_LENGTH, Kind, SignInPolicy


class CodeForm(forms.Form):
    """A code of an authenticator app."""

    code = forms.CharField(
        label="Code",
        max_length=20,
        help_text="Six digits, from your authenticator app.",
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "spellcheck": "false"}
        ),
    )


class RecoveryForm(forms.Form):
    """A recovery code."""

    recovery_code = forms.CharField(
        label="Recovery code",
        max_length=50,
        help_text="One of the codes that you wrote down, such as abcd-efgh-jkmn. It is used up by this.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )


class NameForm(forms.Form):
    """The name of an authenticator."""

    name = forms.CharField(
        label="Name",
        max_length=NAME_LENGTH,
        help_text="By which you will recognise it: the device it lives in, say.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class PasskeyAnswer(forms.Form):
    """What the browser's script fills in."""

    credential = forms.JSONField(widget=forms.HiddenInput)
    state = forms.CharField(max_length=1000, widget=forms.HiddenInput)


class ResetForm(forms.Form):
    """Why somebody's second factors are taken away."""

    reason = forms.CharField(
        label="Reason", max_length=200, help_text="Kept in the security log: how you made sure that it is them, say."
    )


class PolicyForm(forms.Form):
    """A tenant's sign-in policy."""

    mfa = forms.ChoiceField(
        label="Who must have a second factor?", choices=SignInPolicy.Mfa.choices, widget=forms.RadioSelect
    )
    mfa_roles = forms.MultipleChoiceField(
        label="Roles",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="For “people with certain roles”.",
    )
    grace_days = forms.IntegerField(
        label="Days of grace", min_value=0, max_value=90, help_text="How long people may put it off. 0: not at all."
    )
    methods = forms.MultipleChoiceField(
        label="Allowed second factors", choices=Kind.choices, widget=forms.CheckboxSelectMultiple
    )
    session_max_hours = forms.IntegerField(
        label="Sign in again after (hours)",
        required=False,
        min_value=1,
        max_value=720,
        help_text="Empty: as long as the platform allows.",
    )

    def __init__(self, *args, roles=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["mfa_roles"].choices = roles

    def changes(self) -> dict:
        """What the command takes."""
        values = dict(self.cleaned_data)
        hours = values.pop("session_max_hours")
        return {**values, "session_max_s": hours * 3600 if hours else None}
