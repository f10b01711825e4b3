"""Forms of the console's pages about policies: by hand, in Cedar, or filled in as a rule."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from apps.core.auth.cedar.facts import WEEKDAYS
from apps.core.auth.permissions import declared_permissions
from apps.core.auth.resource_kinds import resource_kinds
from apps.iam.groups import queries as groups
from apps.iam.policies.models import DESCRIPTION_LENGTH, NAME_LENGTH, TEXT_LENGTH
from apps.iam.roles import queries as roles

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MOST_HOURS = 24


class PolicyForm(forms.Form):
    """What both ways of writing a policy share."""

    name = forms.CharField(label="Name", max_length=NAME_LENGTH, help_text="Refusals name it.")
    description = forms.CharField(label="Why", max_length=DESCRIPTION_LENGTH, required=False)
    enabled = forms.BooleanField(label="In force", required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def wish(self) -> dict[str, Any]:
        """Members of PolicyContent."""
        return {name: self.cleaned_data[name] for name in ("name", "description", "enabled")}


class TextForm(PolicyForm):
    text = forms.CharField(
        label="Policy",
        max_length=TEXT_LENGTH,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "class": "mono", "spellcheck": "false", "autocapitalize": "off"}),
        help_text="One forbid (…) in Cedar.",
    )

    def wish(self) -> dict[str, Any]:
        return {**super().wish(), "text": self.cleaned_data["text"].replace("\r\n", "\n")}


class RuleForm(PolicyForm):
    permissions = forms.MultipleChoiceField(label="Forbids", widget=forms.SelectMultiple(attrs={"size": 8}))
    resource = forms.ChoiceField(label="To", required=False)
    roles = forms.MultipleChoiceField(
        label="Whoever has the role", required=False, widget=forms.CheckboxSelectMultiple, help_text="None: everybody."
    )
    groups = forms.MultipleChoiceField(label="Or is in the group", required=False, widget=forms.CheckboxSelectMultiple)
    amount_over = forms.IntegerField(
        label="If the amount is over", required=False, min_value=0, help_text="Minor units: 100000 is 1,000.00 EUR."
    )
    owner = forms.ChoiceField(
        label="If it is",
        required=False,
        choices=[("", "anybody's"), ("self", "their own"), ("others", "somebody else's")],
    )
    outside_networks = forms.CharField(
        label="If they are outside the networks", required=False, max_length=1000, help_text="10.0.0.0/8, 2001:db8::/32"
    )
    from_hour = forms.IntegerField(label="If it is before (hour)", required=False, min_value=0, max_value=23)
    to_hour = forms.IntegerField(
        label="Or after (hour)", required=False, min_value=1, max_value=_MOST_HOURS, help_text="Company's time zone."
    )
    outside_weekdays = forms.MultipleChoiceField(
        label="If it is another day than",
        required=False,
        choices=list(zip(WEEKDAYS, _DAYS, strict=True)),
        widget=forms.CheckboxSelectMultiple,
    )
    below_acr = forms.ChoiceField(
        label="If they signed in",
        required=False,
        choices=[("", "in whatever way"), ("aal2", "without a second factor")],
    )
    signed_in_longer_than_s = forms.IntegerField(
        label="If that is longer ago than (seconds)", required=False, min_value=1, max_value=365 * 86400
    )
    impersonated = forms.BooleanField(label="If somebody else acts in their name", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["permissions"].choices = [
            (code, f"{permission.label} ({code})")
            for code, permission in declared_permissions().items()
            if code not in settings.POLICY_EXEMPT
        ]
        self.fields["resource"].choices = [("", "everything"), *((kind, f"each {kind}") for kind in resource_kinds())]
        self.fields["roles"].choices = [(role.code, role.label) for role in roles.all_roles()]
        self.fields["groups"].choices = [(str(id_), name) for id_, name in groups.all_names()]

    @classmethod
    def filled(cls, rule: dict[str, Any]) -> dict[str, Any] | None:
        """Initial values for a rule; None for one that the form cannot show."""
        when = dict(rule.get("when", {}))
        hours = when.pop("outside_hours", {})
        networks = ", ".join(when.pop("outside_networks", []))
        simple = {"amount_over", "owner", "outside_weekdays", "below_acr", "signed_in_longer_than_s", "impersonated"}
        shown = set(when) <= simple and when.get("impersonated", True) is True and when.get("below_acr") != "aal1"
        if not shown or not rule.get("permissions"):
            return None
        times = {"from_hour": hours.get("from"), "to_hour": hours.get("to")}
        return {**{name: value for name, value in rule.items() if name != "when"}, **when, **times} | {
            "outside_networks": networks
        }

    def clean(self) -> dict[str, Any]:
        """Hours come in twos."""
        wish = super().clean() or {}
        if (wish.get("from_hour") is None) != (wish.get("to_hour") is None):
            self.add_error("to_hour", "Give both hours, or none.")
        return wish

    def wish(self) -> dict[str, Any]:
        return {**super().wish(), "rule": self._rule()}

    def _rule(self) -> dict[str, Any]:
        data = self.cleaned_data
        names = ("amount_over", "owner", "outside_weekdays", "below_acr", "signed_in_longer_than_s", "impersonated")
        when = {name: data[name] for name in names if data[name] not in ("", None, [], False)}
        if networks := [one for one in data["outside_networks"].replace(",", " ").split() if one]:
            when["outside_networks"] = networks
        if data.get("from_hour") is not None:
            when["outside_hours"] = {"from": data["from_hour"], "to": data["to_hour"]}
        who = {name: data[name] for name in ("permissions", "resource", "roles", "groups") if data[name]}
        return {**who, "when": when} if when else who
