"""Forms of the console's pages about people."""

from __future__ import annotations

from django import forms

from apps.iam.users.names import EMAIL_LENGTH, NAME_LENGTH


class InvitationForm(forms.Form):
    email = forms.EmailField(label="E-mail", max_length=EMAIL_LENGTH)
    name = forms.CharField(label="Name", max_length=NAME_LENGTH)
