"""Forms of the console's pages about roles."""

from __future__ import annotations

from django import forms

from apps.iam.roles.models import CODE_LENGTH, DESCRIPTION_LENGTH, NAME_LENGTH


class RoleForm(forms.Form):
    label = forms.CharField(label="Name", max_length=NAME_LENGTH)
    description = forms.CharField(label="What it is for", max_length=DESCRIPTION_LENGTH, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class NewRoleForm(RoleForm):
    code = forms.CharField(
        label="Code", max_length=CODE_LENGTH, help_text="How programs name it, such as shift-lead. It never changes."
    )
    field_order = ("label", "code", "description")


class RuleForm(forms.Form):
    name = forms.CharField(label="Name", max_length=NAME_LENGTH)
    first = forms.ChoiceField(label="One role")
    second = forms.ChoiceField(label="The other role")
    reason = forms.CharField(label="Why", max_length=DESCRIPTION_LENGTH, required=False)

    def __init__(self, *args, roles, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        choices = [(role.code, role.label) for role in roles]
        self.fields["first"].choices = self.fields["second"].choices = choices
