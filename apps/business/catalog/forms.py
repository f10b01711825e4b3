"""Forms of the catalogue's pages."""

from __future__ import annotations

from django import forms

from apps.business.currencies import CURRENCIES


class ProductForm(forms.Form):
    sku = forms.CharField(label="Code", max_length=64, help_text="Your own stock code; capital letters matter.")
    name = forms.CharField(max_length=200)
    unit_price = forms.DecimalField(
        label="Unit price", min_value=0, max_digits=15, decimal_places=4, help_text="Up to four decimals."
    )
    currency = forms.ChoiceField(choices=[(code, code) for code in sorted(CURRENCIES)])
    reorder_level = forms.IntegerField(
        label="Reorder level",
        required=False,
        min_value=0,
        max_value=2_000_000_000,
        help_text="At or below this, the product counts as low on stock.",
    )
    description = forms.CharField(required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))


class ProductEditForm(ProductForm):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
