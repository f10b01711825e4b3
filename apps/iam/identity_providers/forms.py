"""Forms of the console's pages about identity providers."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.iam.identity_providers import facts
from apps.iam.identity_providers.models import CLIENT_ID_LENGTH, NAME_LENGTH, URL_LENGTH, IdentityProvider

_ONE_A_LINE = "One a line."


class Lines(forms.CharField):
    """A list, one entry a line; what may be in it the domain says."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value


class Mapping(Lines):
    """Pairs, one a line: `Accounting = clerk`."""

    def clean(self, value: Any) -> Any:
        pairs = [line.rpartition("=") for line in super().clean(value)]
        if any(not equals for _, equals, _ in pairs):
            raise forms.ValidationError("One group a line, then = and the code of a role: Accounting = clerk")
        return {group.strip(): role.strip() for group, _, role in pairs}

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{group} = {role}" for group, role in value.items()) if isinstance(value, dict) else value


class NewIdentityProviderForm(forms.Form):
    name = forms.CharField(max_length=NAME_LENGTH, help_text="As the sign-in page offers it.")
    issuer = forms.CharField(
        label="Issuer or discovery URL",
        max_length=URL_LENGTH + 40,
        help_text="For Keycloak: https://<host>/realms/<realm>",
        widget=forms.URLInput(attrs={"spellcheck": "false"}),
    )


class IdentityProviderForm(NewIdentityProviderForm):
    client_id = forms.CharField(label="Client id", max_length=CLIENT_ID_LENGTH, required=False)
    client_secret = forms.CharField(
        label="Client secret",
        max_length=facts.SECRET_LENGTH,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Kept sealed and never shown. Left empty, the present one stays.",
    )
    scopes = Lines(required=False, help_text=f"{_ONE_A_LINE} openid is always asked for.")
    email_domains = Lines(
        label="E-mail domains", required=False, help_text=f"{_ONE_A_LINE} They count once they are proved, below."
    )
    linking = forms.ChoiceField(
        label="Accounts that exist are linked", widget=forms.RadioSelect, choices=IdentityProvider.Linking.choices
    )
    provisions = forms.BooleanField(label="Make an account at the first sign-in", required=False)
    default_roles = forms.MultipleChoiceField(
        label="Roles of an account that is made", required=False, widget=forms.CheckboxSelectMultiple, choices=()
    )
    email_claim = forms.CharField(label="Claim with the e-mail address", max_length=100)
    name_claim = forms.CharField(label="Claim with the name", max_length=100)
    groups_claim = forms.CharField(
        label="Claim with the groups", max_length=100, required=False, help_text="groups, or realm_access.roles, say."
    )
    role_mapping = Mapping(
        label="Roles by group",
        required=False,
        help_text=f"{_ONE_A_LINE} Accounting = clerk. These come and go with the groups at each sign-in.",
    )
    acr_values = Lines(
        label="Levels of sign-in to ask for (acr)",
        required=False,
        help_text=f"{_ONE_A_LINE} The answer must name one of them. Empty: any.",
    )
    trusts_mfa = forms.BooleanField(
        label="A second factor that it asked for counts here too",
        required=False,
        help_text="Only for people who belong to no other company.",
    )
    is_enabled = forms.BooleanField(label="People may sign in with it", required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, roles: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["default_roles"].choices = roles  # type: ignore[attr-defined]

    def changes(self) -> dict[str, Any]:
        """What to hand to the command: an empty secret leaves the present one."""
        said = {name: self.cleaned_data[name] for name in facts.FACTS}
        secret = self.cleaned_data["client_secret"]
        return {**said, **({"client_secret": secret} if secret else {})}
