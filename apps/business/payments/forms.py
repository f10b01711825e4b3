"""Forms of the pages about payments. People write amounts in major units; everything else knows minor ones."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from apps.business.payments.providers import registry
from apps.core.api.presentation import minor_digits

_MOST = Decimal(10**12)


def major_text(amount_minor: int, currency: str) -> str:
    """As a form field has it: `12.50`."""
    return str(Decimal(amount_minor).scaleb(-minor_digits(currency)))


class AmountForm(forms.Form):
    """Some of a payment. `amount_minor()` is what was written, in minor units of its currency."""

    amount = forms.DecimalField(min_value=0, max_value=_MOST)

    def __init__(self, data: Any = None, *, currency: str) -> None:
        super().__init__(data)
        self._digits = minor_digits(currency)

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        if amount != round(amount, self._digits):
            raise forms.ValidationError(f"This currency has {self._digits} decimals.")
        return amount

    def amount_minor(self) -> int:
        return int(self.cleaned_data["amount"].scaleb(self._digits))


class RefundForm(AmountForm):
    reason = forms.CharField(max_length=200, required=False)
    key = forms.CharField(max_length=200)


class PayoutForm(forms.Form):
    reference = forms.CharField(max_length=200, help_text="Of the bank statement, or the provider's.")
    currency = forms.RegexField(r"^[A-Z]{3}$", help_text="ISO 4217, such as GBP.")
    amount = forms.DecimalField(min_value=0, max_value=_MOST)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "amount" in given and "currency" in given:
            digits = minor_digits(given["currency"])
            if given["amount"] != round(given["amount"], digits):
                self.add_error("amount", f"This currency has {digits} decimals.")
            given["amount_minor"] = int(given["amount"].scaleb(digits))
        return given

    def wish(self) -> dict[str, Any]:
        """What the command takes."""
        return {name: self.cleaned_data[name] for name in ("reference", "currency", "amount_minor")}


class ProviderForm(forms.Form):
    provider = forms.ChoiceField(widget=forms.RadioSelect)
    key = forms.CharField(
        label="Secret key",
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Kept encrypted and never shown again. Left empty, the present one stays.",
    )
    webhook_secret = forms.CharField(
        label="Signing secret of the webhook",
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="What the provider signs its calls with. Left empty, the present one stays.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(kind.name, kind.label) for kind in registry.kinds().values()]
        self.fields["provider"].choices = choices  # type: ignore[attr-defined]
