"""Forms of the console's pages about access."""

from __future__ import annotations

from django import forms

from apps.core.auth.permissions import OWNER, declared_permissions
from apps.iam.access import subjects
from apps.iam.roles import queries as roles
from apps.iam.roles.resources import resource_types


def _types() -> list[tuple[str, str]]:
    return [("", "the whole company"), *((kind, f"one {kind}") for kind in resource_types())]


class _ObjectForm(forms.Form):
    resource_type = forms.ChoiceField(label="For", choices=_types, required=False)
    resource_id = forms.UUIDField(label="Its id", required=False, help_text="The last part of its page's address.")

    @property
    def resource(self) -> str:
        """`order:<id>`, or nothing for the company as a whole."""
        kind, id_ = self.cleaned_data["resource_type"], self.cleaned_data["resource_id"]
        return f"{kind}:{id_}" if kind and id_ else ""

    def clean(self) -> dict[str, object]:
        """An object needs both, the whole company neither."""
        wish = super().clean() or {}
        if wish.get("resource_type") and not wish.get("resource_id") and "resource_id" not in self.errors:
            self.add_error("resource_id", "Which one? Give its id.")
        if not wish.get("resource_type"):
            wish["resource_id"] = None
        return wish


class WhoCanForm(_ObjectForm):
    permission = forms.ChoiceField(label="May do")
    field_order = ("permission", "resource_type", "resource_id")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["permission"].choices = [
            (code, f"{permission.label} ({code})") for code, permission in declared_permissions().items()
        ]


class ExplainForm(WhoCanForm):
    subject = forms.CharField(
        label="Person or service account",
        max_length=254,
        required=False,
        help_text="An e-mail address or an id. Empty: yourself.",
    )
    field_order = ("subject", "permission", "resource_type", "resource_id")


class AssignmentForm(_ObjectForm):
    holder_kind = forms.ChoiceField(choices=[(kind, kind) for kind in subjects.KINDS], widget=forms.HiddenInput)
    holder_id = forms.UUIDField(widget=forms.HiddenInput)
    role = forms.ChoiceField(label="Role")
    expires_at = forms.DateTimeField(
        label="Until",
        required=False,
        help_text="UTC. Empty: for good.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    field_order = ("role", "resource_type", "resource_id", "expires_at")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.code, role.label) for role in roles.all_roles() if role.code != OWNER]
