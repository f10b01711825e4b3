"""Forms of the console's settings."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.iam.approvals.kinds import all_kinds
from apps.iam.tenants.configuration import (
    LONGEST_NAME,
    LONGEST_RETENTION_DAYS,
    Configuration,
    encoded,
    time_zones,
)

_RULES = [
    ("when_possible", "While somebody else could approve"),
    ("always", "Always"),
    ("never", "Never"),
]
_RULE = "rule:"


class SettingsForm(forms.Form):
    """Every setting, with a rule for each kind of change that tenants may decide on."""

    name = forms.CharField(label="Name of the company", max_length=LONGEST_NAME)
    default_currency = forms.CharField(label="Currency", max_length=3, help_text="Three letters, such as EUR.")
    locale = forms.CharField(max_length=16, help_text="Language and country, such as en-GB.")
    time_zone = forms.ChoiceField(choices=lambda: [(name, name) for name in sorted(time_zones())])
    colour = forms.CharField(
        max_length=7, required=False, help_text="#rrggbb in small letters. Empty: the platform's own."
    )
    allowed_email_domains = forms.CharField(
        label="Domains that may be invited",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One a line, such as acme.example. Empty: any address.",
    )
    retention_days = forms.IntegerField(
        label="Keep closed approvals and exports, days", min_value=1, max_value=LONGEST_RETENTION_DAYS
    )
    reason = forms.CharField(max_length=500, required=False, help_text="Kept with this version.")

    def __init__(self, current: Configuration, data: Any = None) -> None:
        self.current = current
        super().__init__(data, initial=_initial(current))
        for kind in all_kinds():
            if kind.has_rule and not kind.always:
                self.fields[f"{_RULE}{kind.code}"] = forms.ChoiceField(
                    label=f"{kind.label}: takes a second person", choices=_RULES
                )
        self.order_fields([name for name in self.fields if name != "reason"])

    def changes(self) -> dict[str, Any]:
        """The settings as they were sent, for the command, which says what differs."""
        values = {name: value for name, value in self.cleaned_data.items() if not name.startswith(_RULE)}
        values.pop("reason")
        values["allowed_email_domains"] = values["allowed_email_domains"].lower().split()
        rules = {n.removeprefix(_RULE): v for n, v in self.cleaned_data.items() if n.startswith(_RULE)}
        usual = {kind for kind, rule in rules.items() if rule == "when_possible"}
        kept = {kind: rule for kind, rule in self.current.approvals.items() if kind not in rules}
        values["approvals"] = kept | {kind: rule for kind, rule in rules.items() if kind not in usual}
        return values


def _initial(current: Configuration) -> dict[str, Any]:
    rules = {f"{_RULE}{kind.code}": current.approvals.get(kind.code, "when_possible") for kind in all_kinds()}
    return {
        **encoded(current),
        "allowed_email_domains": "\n".join(current.allowed_email_domains),
        **rules,
    }
