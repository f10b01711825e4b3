"""Forms of the console's pages about service accounts and keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings

from apps.core.auth.permissions import declared_permissions
from apps.iam.service_accounts.models import CONTACT_LENGTH, DESCRIPTION_LENGTH, NAME_LENGTH

OVERLAPS = (
    (0, "Not at all: it ends now"),
    (3600, "An hour"),
    (86400, "A day"),
    (604800, "A week"),
)


def overlaps() -> list[tuple[int, str]]:
    """How long an old secret may go on beside the new one, as far as settings allow."""
    return [(seconds, text) for seconds, text in OVERLAPS if seconds <= settings.CREDENTIAL_OVERLAP_MAX_S]


class ServiceAccountForm(forms.Form):
    name = forms.CharField(max_length=NAME_LENGTH)
    description = forms.CharField(
        required=False, max_length=DESCRIPTION_LENGTH, help_text="What it does, for those who come after you."
    )
    owner_id = forms.TypedChoiceField(
        label="Who answers for it", required=False, coerce=UUID, empty_value=None, choices=()
    )
    contact = forms.CharField(
        required=False, max_length=CONTACT_LENGTH, help_text="An address, a channel or a team to ask."
    )

    def __init__(self, *args: Any, members: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner_id"].choices = [("", "Nobody in particular"), *members]  # type: ignore[attr-defined]


class ServiceAccountEditForm(ServiceAccountForm):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class KeyForm(forms.Form):
    ALL, SOME = "all", "some"

    name = forms.CharField(max_length=NAME_LENGTH, help_text="Where it is used, to know it again by.")
    days = forms.IntegerField(label="Good for so many days", min_value=1)
    reach = forms.ChoiceField(
        label="It may do",
        choices=[(ALL, "All that its holder may do, now and later"), (SOME, "Only what is ticked below")],
        initial=ALL,
        widget=forms.RadioSelect,
    )
    scopes = forms.MultipleChoiceField(
        label="Permissions", required=False, choices=(), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, held: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days: Any = self.fields["days"]
        days.initial, days.max_value = settings.API_KEY_DAYS, settings.API_KEY_MAX_DAYS
        days.help_text = f"At most {settings.API_KEY_MAX_DAYS}."
        labels = {code: permission.label for code, permission in declared_permissions().items()}
        self.fields["scopes"].choices = [(code, labels.get(code, code)) for code in sorted(held)]  # type: ignore[attr-defined]

    def wishes(self, now: datetime) -> dict[str, Any]:
        """What a command takes."""
        said = self.cleaned_data
        return {
            "name": said["name"],
            "scopes": said["scopes"] if said["reach"] == self.SOME else None,
            "expires_at": now + timedelta(days=min(said["days"], settings.API_KEY_MAX_DAYS)),
        }


class RotationForm(forms.Form):
    overlap_s = forms.TypedChoiceField(
        label="How long the old one goes on", coerce=int, choices=overlaps, initial=86400
    )
