"""Forms of the stock's pages."""

from __future__ import annotations

from django import forms


class StockAdjustmentForm(forms.Form):
    quantity = forms.IntegerField(
        label="Difference",
        min_value=-(10**9),
        max_value=10**9,
        help_text="What to add; with a minus sign, what to take away.",
    )
    reason = forms.CharField(max_length=200, help_text="Kept with the movement, for example “counted”.")
