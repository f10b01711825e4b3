"""Forms about passwords, addresses and the person. Shape only: the commands decide."""

from __future__ import annotations

from django import forms

from apps.iam.credentials.passwords import LONGEST
from apps.iam.users import commands as users
from apps.iam.users.names import EMAIL_LENGTH, NAME_LENGTH

_LENGTH = "At least 12 characters. A few words that do not belong together are easy to keep in mind."


def _password(label: str, *, autocomplete: str, help_text: str = "", required: bool = True) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(
        label=label, max_length=LONGEST, strip=False, widget=widget, help_text=help_text, required=required
    )


def _time_zones() -> list[tuple[str, str]]:
    return [(zone, zone.replace("_", " ")) for zone in sorted(users.time_zones())]


class ForgottenForm(forms.Form):
    email = forms.EmailField(
        label="Email address",
        max_length=EMAIL_LENGTH,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )


class NewPasswordForm(forms.Form):
    """A password, twice, so that a slip is noticed."""

    password = _password("New password", autocomplete="new-password", help_text=_LENGTH)
    repeated = _password("The same again", autocomplete="new-password")

    def clean(self) -> dict[str, object]:
        values: dict[str, object] = super().clean() or {}
        if values.get("repeated") and values.get("password") != values["repeated"]:
            self.add_error("repeated", "The two differ.")
        return values


class InvitationForm(NewPasswordForm):
    name = forms.CharField(label="Your name", max_length=NAME_LENGTH, widget=forms.TextInput({"autocomplete": "name"}))
    field_order = ("name", "password", "repeated")


class ChangePasswordForm(NewPasswordForm):
    current_password = _password("Present password", autocomplete="current-password", required=False)
    field_order = ("current_password", "password", "repeated")


class EmailChangeForm(forms.Form):
    email = forms.EmailField(
        label="New email address", max_length=EMAIL_LENGTH, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class ProfileForm(forms.Form):
    name = forms.CharField(label="Name", max_length=NAME_LENGTH, widget=forms.TextInput({"autocomplete": "name"}))
    locale = forms.CharField(label="Language", max_length=35, help_text="A tag such as en-GB, for programs you use.")
    time_zone = forms.ChoiceField(
        label="Time zone", choices=lambda: [(zone, zone) for zone in sorted(users.time_zones())]
    )
    sign_in_alerts = forms.BooleanField(label="Mail me when a device signs in that was not seen before", required=False)
