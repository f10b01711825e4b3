"""The form that gives a company another plan."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.iam.facade import iam
from apps.iam.facade.contracts import PlanInfo


class PlanForm(forms.Form):
    """A number that is left empty is the plan's."""

    plan = forms.ChoiceField()
    per_minute = forms.IntegerField(label="Requests a minute", required=False)
    burst = forms.IntegerField(label="Requests at once", required=False)
    concurrent = forms.IntegerField(label="Under way at once, in one web process", required=False)
    per_month = forms.IntegerField(
        label="Calls of the API a month", required=False, help_text="0: as many as there may be."
    )
    reason = forms.CharField(max_length=500, help_text="Kept in the security log.")

    def __init__(self, current: PlanInfo, data: Any = None) -> None:
        super().__init__(data, initial={"plan": current.limits.plan, **current.overrides})
        plans: Any = self.fields["plan"]
        plans.choices = [(one.plan, one.plan.capitalize()) for one in iam.plans()]

    def wish(self) -> dict[str, Any]:
        """For `iam.change_plan`."""
        values = dict(self.cleaned_data)
        plan, reason = values.pop("plan"), values.pop("reason")
        overrides = {name: value for name, value in values.items() if value is not None}
        return {"plan": plan, "overrides": overrides, "reason": reason}
