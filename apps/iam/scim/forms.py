"""Forms of the console's pages about directories."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.core.auth.permissions import OWNER
from apps.iam.roles import queries as roles
from apps.iam.scim.models import Connection

NAME_LENGTH = 90  # "SCIM of …" is the name of its key, which may have a hundred


class HowPeopleAreMade(forms.Form):
    default_role = forms.ChoiceField(
        label="Role of new people",
        help_text="The directory's service account holds it too: it can give nobody more than it holds itself.",
    )
    sends_invitations = forms.BooleanField(
        required=False, initial=True, label="Invite new people by mail", help_text="Off: they hear of it from you."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(role.code, role.label) for role in roles.all_roles() if role.code != OWNER]
        self.fields["default_role"].choices = choices  # type: ignore[attr-defined]


class ConnectionForm(HowPeopleAreMade):
    kind = forms.ChoiceField(label="Directory", choices=Connection.Kind.choices)
    name = forms.CharField(max_length=NAME_LENGTH, help_text="Of its service account, as the log will name it.")

    field_order = ("kind", "name", "default_role", "sends_invitations")
