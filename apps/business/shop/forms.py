"""Forms of a shop's visitors."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.business.address_form import AddressForm
from apps.business.addresses import Address


class SearchForm(forms.Form):
    """What somebody looks for. Anything else than that is no reason to show nothing."""

    q = forms.CharField(max_length=200, required=False)
    category = forms.UUIDField(required=False)


class AmountForm(forms.Form):
    """How many of what."""

    product_id = forms.UUIDField()
    quantity = forms.IntegerField(min_value=0, max_value=9_999)


class BuyerForm(AddressForm):
    """Who buys, and where it goes. It goes before the way and the payment, which depend on it."""

    email = forms.EmailField(
        max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}), help_text="For questions about it."
    )
    field_order = ("email",)


class BillingForm(AddressForm):
    """Where the invoice goes, if it goes elsewhere: left empty, it does not."""

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, prefix="billing", empty_permitted=True, use_required_attribute=False)
        for field in self.fields.values():
            tokens = field.widget.attrs.get("autocomplete", "")
            field.widget.attrs["autocomplete"] = f"billing {tokens}".strip()

    @property
    def address_if_any(self) -> Address | None:
        """None where nothing was typed."""
        return self.address if self.has_changed() else None


class WayForm(forms.Form):
    """How it is sent and paid for, and what was agreed to."""

    shipping_method_id = forms.UUIDField(required=False)
    payment = forms.CharField(max_length=255, required=False)
    note = forms.CharField(max_length=500, required=False)
    agreed_total_minor = forms.IntegerField(required=False)
