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
    return_origins = forms.CharField(
        label="Own storefronts",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Where buyers may come back to after paying, beside this shop; one a line, such as https://shop.example",
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def clean_return_origins(self) -> list[str]:
        return self.cleaned_data["return_origins"].split()
