"""Forms of the pages about dead letters."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django import forms

from apps.core.events.repairs import BECAUSE_LIMIT
from apps.core.operations.models import DependencyChange


def pretty(payload: Any) -> str:
    """A payload as people read it."""
    return json.dumps(payload, cls=_Pretty)


class _Pretty(json.JSONEncoder):
    """As people edit it: indented, letters as they are."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "indent": 2, "ensure_ascii": False, "sort_keys": False})


class CorrectionForm(forms.Form):
    payload = forms.JSONField(
        label="Payload",
        encoder=_Pretty,
        widget=forms.Textarea(attrs={"rows": 16, "class": "mono", "spellcheck": "false", "autocapitalize": "off"}),
        help_text="All of it, as JSON. The event itself stays as it is.",
    )
    because = forms.CharField(label="Why", max_length=BECAUSE_LIMIT, help_text="Kept in the history.")

    def clean_payload(self) -> dict[str, Any]:
        payload = self.cleaned_data["payload"]
        if not isinstance(payload, dict):
            raise forms.ValidationError("A payload is a JSON object.")
        return payload


class ReasonForm(forms.Form):
    because = forms.CharField(label="Reason", max_length=BECAUSE_LIMIT)


class OverrideForm(forms.Form):
    state = forms.ChoiceField(choices=DependencyChange.State.choices)
    because = forms.CharField(label="Reason", max_length=BECAUSE_LIMIT)


class _Ids(forms.Field):
    """Ids of dead letters; whether there are such is asked by whoever looks for them."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[UUID]:
        try:
            return [UUID(one) for one in value or []]
        except ValueError:
            raise forms.ValidationError("These are no dead letters.") from None


class RepairsForm(forms.Form):
    """A bulk repair, or one of its steps: what to do with which ones, why, and how far it has come."""

    scope = forms.ChoiceField(choices=[("selected", "The selected ones"), ("all", "All that fit the filters")])
    ids = _Ids(required=False)
    action = forms.ChoiceField(choices=[("retry", "retry"), ("discard", "discard")])
    because = forms.CharField(max_length=BECAUSE_LIMIT, required=False)
    after = forms.CharField(max_length=300, required=False)
    taken = forms.IntegerField(min_value=0, required=False)
    settled = forms.IntegerField(min_value=0, required=False)
    stuck = forms.IntegerField(min_value=0, required=False)

    def clean(self) -> dict[str, Any]:
        wish = super().clean() or {}
        if wish.get("scope") == "selected" and not wish.get("ids"):
            self.add_error("ids", "Select at least one, or take all that fit the filters.")
        if wish.get("action") == "discard" and not wish.get("because"):
            self.add_error("because", "Give a reason for discarding.")
        return wish
