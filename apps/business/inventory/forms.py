"""Forms of the stock's pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms

_MOST, _LARGEST_LEVEL, _LAST_PRIORITY = 10**9, 2_000_000_000, 32_767


class StockAdjustmentForm(forms.Form):
    quantity = forms.IntegerField(
        label="Difference",
        min_value=-_MOST,
        max_value=_MOST,
        help_text="What to add; with a minus sign, what to take away.",
    )
    reason = forms.CharField(max_length=200, help_text="Kept with the movement, for example “counted”.")
    warehouse_id = forms.UUIDField(required=False, widget=forms.HiddenInput)


class StockTransferForm(forms.Form):
    """`warehouses` are those that are open."""

    from_warehouse_id = forms.TypedChoiceField(label="From", coerce=UUID)
    to_warehouse_id = forms.TypedChoiceField(label="To", coerce=UUID)
    quantity = forms.IntegerField(min_value=1, max_value=_MOST)
    reason = forms.CharField(max_length=200, required=False)

    def __init__(self, *args: Any, warehouses: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(warehouse.id), warehouse.name) for warehouse in warehouses]
        for name in ("from_warehouse_id", "to_warehouse_id"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]


class StockThresholdForm(forms.Form):
    warehouse_id = forms.TypedChoiceField(label="Warehouse", coerce=UUID)
    low_at = forms.IntegerField(
        label="Low at",
        min_value=0,
        max_value=_LARGEST_LEVEL,
        required=False,
        help_text="Empty: at the product's own reorder level.",
    )

    def __init__(self, *args: Any, warehouses: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["warehouse_id"].choices = [(str(one.id), one.name) for one in warehouses]  # type: ignore[attr-defined]


class BackOrdersForm(forms.Form):
    at_most = forms.IntegerField(
        label="May be back-ordered",
        min_value=0,
        max_value=_LARGEST_LEVEL,
        help_text="How many may be promised to orders before there are any. 0: none.",
    )


class WarehouseForm(forms.Form):
    name = forms.CharField(max_length=100)
    address = forms.CharField(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    country = forms.RegexField(r"^[A-Z]{2}$", required=False, help_text="Two letters, such as GB.")
    priority = forms.IntegerField(
        min_value=0, max_value=_LAST_PRIORITY, initial=100, help_text="Goods are taken from the lowest number first."
    )
    latitude = forms.DecimalField(max_digits=8, decimal_places=6, min_value=-90, max_value=90, required=False)
    longitude = forms.DecimalField(max_digits=9, decimal_places=6, min_value=-180, max_value=180, required=False)


class WarehouseEditForm(WarehouseForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
