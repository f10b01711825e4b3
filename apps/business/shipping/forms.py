"""Forms of the shipments' pages."""

from __future__ import annotations

from django import forms

from apps.business.shipping.progress import CHOICES


class WayForm(forms.Form):
    """How a parcel goes."""

    carrier = forms.CharField(max_length=100, required=False)
    tracking_number = forms.CharField(max_length=100, required=False)
    tracking_link = forms.URLField(max_length=500, required=False, assume_scheme="https")


class ProgressForm(WayForm):
    """What became of it."""

    status = forms.ChoiceField(choices=CHOICES)
