"""Forms of the shop's settings."""

from __future__ import annotations

from django import forms


class ShopForm(forms.Form):
    """Whether there is a shop, and how it sells."""

    is_open = forms.BooleanField(label="Open to everybody", required=False)
    title = forms.CharField(max_length=100, required=False, help_text="Empty: your company's name.")
    currency = forms.RegexField(
        r"^[A-Z]{3}$", help_text="ISO 4217, such as GBP. Products without a price in it are not shown."
    )
    sells_on_account = forms.BooleanField(label="Buyers may pay by invoice, afterwards", required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)
