"""Forms of the console's pages about groups."""

from __future__ import annotations

from django import forms

from apps.iam.groups.models import DESCRIPTION_LENGTH, EXTERNAL_ID_LENGTH, NAME_LENGTH


class GroupForm(forms.Form):
    name = forms.CharField(label="Name", max_length=NAME_LENGTH)
    description = forms.CharField(label="What it is for", max_length=DESCRIPTION_LENGTH, required=False)
    external_id = forms.CharField(
        label="External id",
        max_length=EXTERNAL_ID_LENGTH,
        required=False,
        help_text="What the system that provisions it calls it.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class MemberForm(forms.Form):
    email = forms.EmailField(label="E-mail of a person", help_text="Somebody who is in this company already.")
