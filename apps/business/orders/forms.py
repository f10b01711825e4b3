"""Forms of the orders' pages."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from apps.business.address_form import AddressForm
from apps.business.orders.models import ShippingMethod, ShippingPrice
from apps.core.api.presentation import minor_digits

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


class CustomerForm(forms.Form):
    """What is known of a customer."""

    code = forms.CharField(max_length=64, help_text="What you call them in your own papers.")
    name = forms.CharField(max_length=200)
    email = forms.EmailField(max_length=254, required=False)
    country = forms.CharField(max_length=100, required=False)


class CustomerEditForm(CustomerForm):
    """The same, as of the version that was opened."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class ErasureForm(forms.Form):
    """A customer is erased by whoever types their code: it cannot be taken back."""

    code = forms.CharField(max_length=64, help_text="The customer's code, so that nobody else is erased.")
    reason = forms.CharField(max_length=200, help_text="Kept in the history. Do not name the customer.")

    def __init__(self, *args: Any, customer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._code = customer.code

    def clean_code(self) -> str:
        if self.cleaned_data["code"] != self._code:
            raise forms.ValidationError("This is another customer's code.")
        return self._code


class CustomerAddressForm(AddressForm):
    """One of a customer's addresses."""

    default_for_shipping = forms.BooleanField(label="Goods go here by default", required=False)
    default_for_billing = forms.BooleanField(label="Invoices go here by default", required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class ShippingMethodForm(forms.Form):
    """A way in which goods are sent."""

    name = forms.CharField(max_length=100)
    countries = forms.CharField(
        max_length=1000, required=False, help_text="Two letters each (ISO 3166-1), such as GB IE. Empty: everywhere."
    )
    prices = forms.CharField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A line for each currency, such as: GBP 4.95 free from 50.00",
    )
    tax_class = forms.ChoiceField(label="Taxed as", choices=ShippingMethod.TaxClass.choices)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean_countries(self) -> tuple[str, ...]:
        return tuple(self.cleaned_data["countries"].replace(",", " ").upper().split())

    def clean_prices(self) -> dict[str, ShippingPrice]:
        lines = [line.split() for line in self.cleaned_data["prices"].splitlines() if line.strip()]
        return dict(_price_said(words) for words in lines)


def prices_text(prices: dict[str, dict[str, Any]]) -> str:
    """What `ShippingMethodForm` reads as these prices."""
    return "\n".join(" ".join(_words(currency, said)) for currency, said in prices.items())


def _words(currency: str, said: dict[str, Any]) -> Iterator[str]:
    yield currency
    yield _major(said["price_minor"], currency)
    if said.get("free_from_minor") is not None:
        yield f"free from {_major(said['free_from_minor'], currency)}"


def _price_said(words: list[str]) -> tuple[str, ShippingPrice]:
    currency, *rest = words
    match rest:
        case [price]:
            return currency.upper(), ShippingPrice(_minor(price, currency))
        case [price, "free", "from", worth]:
            return currency.upper(), ShippingPrice(_minor(price, currency), _minor(worth, currency))
    raise forms.ValidationError("Each line is like: GBP 4.95, or: GBP 4.95 free from 50.00")


def _minor(text: str, currency: str) -> int:
    """Raises ValidationError."""
    try:
        amount = Decimal(text).scaleb(minor_digits(currency))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount != amount.to_integral_value() or not 0 <= amount < _MOST_MINOR:
        raise forms.ValidationError(f"{text} is no amount in {currency}: 4.95, say.")
    return int(amount)


def _major(amount_minor: int, currency: str) -> str:
    digits = minor_digits(currency)
    return f"{Decimal(amount_minor).scaleb(-digits):.{digits}f}"


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
