"""Forms of the catalogue's pages."""

from __future__ import annotations

from itertools import product as combined
from typing import Any
from uuid import UUID

from django import forms

from apps.business.catalog import queries
from apps.business.catalog.models import TaxClass
from apps.business.currencies import CURRENCIES

_CURRENCIES = [(code, code) for code in sorted(CURRENCIES)]
_LARGEST_LEVEL = 2_000_000_000
_MOST_OPTIONS, _MOST_VARIANTS = 3, 100


class MultipleFileInput(forms.FileInput):
    allow_multiple_selected = True


class MultipleFileField(forms.FileField):
    """Several files that were chosen together, as a list."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        return [super(MultipleFileField, self).clean(one, initial) for one in data or [None]]


class ProductForm(forms.Form):
    """`may_manage_stock`: whoever fills it in may say how many can be back-ordered."""

    sku = forms.CharField(label="Code", max_length=64, help_text="Your own stock code; capital letters matter.")
    name = forms.CharField(max_length=200)
    unit_price = forms.DecimalField(
        label="Unit price", min_value=0, max_digits=15, decimal_places=4, help_text="Up to four decimals."
    )
    currency = forms.ChoiceField(choices=_CURRENCIES)
    tax_class = forms.ChoiceField(
        label="Tax class", choices=TaxClass.choices, help_text="Which of a country's rates it is taxed at."
    )
    reorder_level = forms.IntegerField(
        label="Reorder level",
        required=False,
        min_value=0,
        max_value=_LARGEST_LEVEL,
        help_text="At or below this, the product counts as low on stock.",
    )
    back_orders = forms.IntegerField(
        label="Back-orders",
        required=False,
        min_value=0,
        max_value=_LARGEST_LEVEL,
        help_text="How many may be promised before there are any. Empty: none.",
    )
    description = forms.CharField(required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, may_manage_stock: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_manage_stock:
            del self.fields["back_orders"]


class ProductEditForm(ProductForm):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class PriceForm(forms.Form):
    """A price for a time; times are those of whoever fills it in."""

    currency = forms.ChoiceField(choices=_CURRENCIES)
    price = forms.DecimalField(min_value=0, max_digits=15, decimal_places=4, help_text="Up to four decimals.")
    valid_from = forms.DateTimeField(
        label="From",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text="Empty: from now on.",
    )
    valid_to = forms.DateTimeField(
        label="Until",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text="The first moment at which it is over. Empty: for good.",
    )


class CategoryForm(forms.Form):
    """A category and its place. `leaving_out`: one that it cannot be below, nor below what is below that."""

    name = forms.CharField(max_length=100)
    parent_id = forms.TypedChoiceField(label="Below", required=False, coerce=UUID, empty_value=None)

    def __init__(self, *args: Any, leaving_out: UUID | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        without = {leaving_out}
        choices = [("", "At the top")]
        for shelf in queries.category_tree():  # each comes after the one above it
            if shelf.id in without or (leaving_out and shelf.parent_id in without):
                without.add(shelf.id)
            else:
                choices.append((str(shelf.id), shelf.path))
        self.fields["parent_id"].choices = choices  # type: ignore[attr-defined]


class PicturesForm(forms.Form):
    """One picture, or several chosen together; what is said of it then holds for each."""

    file = MultipleFileField(
        label="Pictures",
        max_length=200,
        widget=MultipleFileInput(attrs={"accept": "image/gif,image/jpeg,image/png,image/webp", "multiple": True}),
        help_text="GIF, JPEG, PNG or WebP, up to 5 MB each.",
    )
    alt = forms.CharField(
        label="What it shows", required=False, max_length=200, help_text="In words, for those who do not see it."
    )


class ProductImportForm(forms.Form):
    file = forms.FileField(max_length=200, help_text="CSV in UTF-8. You see what would become of each line first.")


class OptionsForm(forms.Form):
    """By what variants differ: the values of each option, separated by commas. Every combination is offered."""

    option_1 = forms.CharField(label="Option", max_length=64, help_text="Such as size.")
    values_1 = forms.CharField(label="Its values", max_length=1000, help_text="With commas between them: S, M, L.")
    option_2 = forms.CharField(label="Second option", max_length=64, required=False)
    values_2 = forms.CharField(label="Its values", max_length=1000, required=False)
    option_3 = forms.CharField(label="Third option", max_length=64, required=False)
    values_3 = forms.CharField(label="Its values", max_length=1000, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for number in range(1, _MOST_OPTIONS + 1):
            name, values = cleaned.get(f"option_{number}"), _split(cleaned.get(f"values_{number}", ""))
            if bool(name) != bool(values) and not self.errors:
                self.add_error(f"option_{number}" if values else f"values_{number}", "An option has a name and values.")
        if not self.errors and not 0 < len(self.combinations()) <= _MOST_VARIANTS:
            self.add_error(None, f"From 1 to {_MOST_VARIANTS} variants can be made at once.")
        return cleaned

    def combinations(self) -> list[dict[str, str]]:
        """Every way to choose one value of each option."""
        said = self.cleaned_data
        options = {
            said[f"option_{number}"]: _split(said[f"values_{number}"])
            for number in range(1, _MOST_OPTIONS + 1)
            if said.get(f"option_{number}")
        }
        return [dict(zip(options, values, strict=True)) for values in combined(*options.values())]


def _split(values: str) -> list[str]:
    """What stands between the commas, each once."""
    return list(dict.fromkeys(value.strip() for value in values.split(",") if value.strip()))
