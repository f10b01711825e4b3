"""Forms of the orders' pages."""

from __future__ import annotations

from django import forms


class ReasonForm(forms.Form):
    """Why an order is cancelled or goods come back; kept with it."""

    reason = forms.CharField(max_length=200)
