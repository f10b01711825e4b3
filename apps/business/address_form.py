"""A form for a postal address, for whoever asks for one."""

from __future__ import annotations

from django import forms

from apps.business.addresses import LONGEST, Address
from apps.business.countries import BY_NAME


def _filled_in(autocomplete: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": autocomplete})


class AddressForm(forms.Form):
    """A postal address. The names are those that browsers fill in by themselves."""

    name = forms.CharField(max_length=200, widget=_filled_in("name"))
    lines = forms.CharField(
        label="Street and house",
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "street-address"}),
        help_text="One to four lines.",
    )
    postal_code = forms.CharField(max_length=20, required=False, widget=_filled_in("postal-code"))
    city = forms.CharField(max_length=100, widget=_filled_in("address-level2"))
    region = forms.CharField(max_length=100, required=False, widget=_filled_in("address-level1"))
    country = forms.ChoiceField(
        choices=[("", "Choose a country"), *BY_NAME], widget=forms.Select(attrs={"autocomplete": "country"})
    )
    phone = forms.CharField(max_length=40, required=False, widget=_filled_in("tel"))

    @property
    def address(self) -> Address:
        """What was typed, once it is valid."""
        return Address(**{name: self.cleaned_data[name] for name in LONGEST})
