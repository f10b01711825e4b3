"""Forms of the orders' pages."""

from __future__ import annotations

from typing import Any

from django import forms

_MOST_MINOR = 10**15


class ReasonForm(forms.Form):
    """Why an order is cancelled or goods come back; kept with it."""

    reason = forms.CharField(max_length=200)


class InvoiceImportForm(forms.Form):
    """A file of invoices, and how it is to be read."""

    file = forms.FileField(max_length=200, help_text="CSV, or CSV in gzip.")
    currency = forms.CharField(max_length=3, required=False, help_text="Such as GBP. Empty: your company's own.")
    time_zone = forms.CharField(
        max_length=64, initial="UTC", help_text="Of the times in the file, such as Europe/London."
    )
    encoding = forms.CharField(max_length=32, initial="utf-8", help_text="Of the file's text.")


class ReviewLimitForm(forms.Form):
    """Which orders wait until somebody agrees to them."""

    currency = forms.RegexField(r"^[A-Z]{3}$", help_text="ISO 4217, such as GBP.")
    above_minor = forms.IntegerField(
        label="Above", min_value=0, max_value=_MOST_MINOR, help_text="In minor units: 100000 is £1,000.00."
    )
    decide_within_days = forms.IntegerField(
        label="Days to decide", min_value=1, max_value=90, initial=3, help_text="Then the order is refused."
    )


class TaxRateForm(forms.Form):
    """What a country takes of a class of goods."""

    country = forms.RegexField(
        r"^[A-Z]{2}$", required=False, help_text="Two letters (ISO 3166-1), such as DE. Empty: everywhere else."
    )
    tax_class = forms.ChoiceField(label="Goods", choices=[("standard", "Standard"), ("reduced", "Reduced")])
    percent = forms.DecimalField(min_value=0, max_value=100, decimal_places=2, help_text="19 is 19 %.")
    valid_from = forms.DateField(
        label="From", widget=forms.DateInput(attrs={"type": "date"}), help_text="Until the next rate begins."
    )

    @property
    def wish(self) -> dict[str, Any]:
        """What the command is told."""
        rest = {name: value for name, value in self.cleaned_data.items() if name != "percent"}
        return {**rest, "rate_e4": int(self.cleaned_data["percent"] * 100)}


class MomentForm(forms.Form):
    """When to look at something. Without a zone the reader's own is meant."""

    at = forms.DateTimeField(
        label="As of",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}),
        error_messages={"required": "Say when.", "invalid": "Not a moment: 2026-11-30T14:05, say."},
    )
