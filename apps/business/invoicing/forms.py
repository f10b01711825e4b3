"""Forms of the invoices' pages."""

from __future__ import annotations

from django import forms

_SERIES = r"^[A-Z0-9]{1,12}$"


class SellerForm(forms.Form):
    """Who invoices, and on which terms."""

    edition = forms.IntegerField(widget=forms.HiddenInput)
    name = forms.CharField(max_length=200, label="Company")
    address = forms.CharField(max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    tax_id = forms.CharField(max_length=40, label="Tax id", help_text="Such as your VAT number.")
    email = forms.EmailField(max_length=254, required=False, label="E-mail")
    bank = forms.CharField(max_length=200, required=False, label="Pay to", help_text="Such as an IBAN.")
    terms_days = forms.IntegerField(min_value=0, max_value=365, label="Days to pay")
    footer = forms.CharField(max_length=300, required=False, help_text="Such as the entry in a register.")
    invoice_series = forms.RegexField(
        _SERIES, label="Invoices begin with", help_text="Capital letters and digits. Numbers are INV-2026-000001."
    )
    credit_series = forms.RegexField(_SERIES, label="Credit notes begin with")
