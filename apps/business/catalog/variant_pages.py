"""The console's variants of a product: what there are, and more made of its options."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify

from apps.business.catalog import commands, queries
from apps.business.catalog.forms import OptionsForm
from apps.business.catalog.permissions import ProductPermission
from apps.business.catalog.product_head import head_of
from apps.business.inventory import queries as inventory
from apps.business.inventory.permissions import StockPermission
from apps.core.api.pages import page
from apps.core.errors import DomainError, Invalid

_OF_PRODUCT = ("product", "product_id")
_SKU_LENGTH, _NAME_LENGTH = 64, 200


@page(ProductPermission.VIEW, scoped_to=_OF_PRODUCT)
def product_variants(request, product_id):
    """GET /products/<id>/variants/: each with its code, price and stock; the deleted ones can be restored."""
    product = queries.product(product_id, with_deleted=True)
    if product.is_variant:
        return redirect(f"/products/{product.variant_of_id}/variants/")
    variants = list(queries.variants_of(product_id, with_deleted=True))
    if request.principal.may(StockPermission.VIEW):
        on_hand, available = (read([one.id for one in variants]) for read in (inventory.on_hand, inventory.available))
        for variant in variants:
            variant.on_hand, variant.available = on_hand.get(variant.id, 0), available.get(variant.id, 0)
    context = {
        **head_of(product),
        "variants": [variant for variant in variants if not variant.is_deleted],
        "gone": [variant for variant in variants if variant.is_deleted],
        "form": OptionsForm(),
    }
    return render(request, "products/variants.html", context)


@page(get=ProductPermission.MANAGE, post=ProductPermission.MANAGE, scoped_to=_OF_PRODUCT)
def variants_new(request, product_id):
    """GET, POST /products/<id>/variants/new: every combination of the options, to be looked through; POST makes those
    that were chosen, all or none.
    """
    product = queries.product(product_id)
    form = OptionsForm(request.GET)
    if not form.is_valid():
        return _offered(request, product, form, [], status=422)
    rows = _rows(product, form.combinations(), request.POST)
    if request.method != "POST":
        return _offered(request, product, form, rows)
    chosen = [row for row in rows if row["chosen"]]
    if not chosen:
        return _offered(request, product, form, rows, error="Choose at least one.", status=422)
    try:
        made = commands.create_products(
            products=[_content(product, row) for row in chosen], actor=request.actor, now=timezone.now()
        )
    except DomainError as error:
        return _offered(request, product, form, rows, error=str(error), status=422)
    messages.success(request, f"Made {len(made)} variant{'s' if len(made) > 1 else ''} of {product.name}.")
    return redirect(f"/products/{product_id}/variants/")


def _offered(request, product, form, rows, *, error="", status=200):
    context = {**head_of(product), "form": form, "rows": rows, "error": error}
    return render(request, "products/variants_new.html", context, status=status)


def _rows(product, combinations, posted):
    """A row for each combination, as it is suggested, or as it was sent. What there is already is said, not offered."""
    present = [variant.options for variant in queries.variants_of(product.id)]
    rows = []
    for place, options in enumerate(combinations):
        difference = ", ".join(options.values())
        sku = "-".join([product.sku, *(slugify(value).upper() or "X" for value in options.values())])
        suggested = {
            "sku": sku[:_SKU_LENGTH],
            "name": f"{product.name} — {difference}"[:_NAME_LENGTH],
            "unit_price": f"{product.unit_price.normalize():f}",
        }
        exists = options in present
        rows.append(
            {
                **{name: posted.get(f"{name}_{place}", text).strip() for name, text in suggested.items()},
                "place": place,
                "options": options,
                "difference": difference,
                "exists": exists,
                "chosen": not exists and (not posted or f"chosen_{place}" in posted),
            }
        )
    return rows


def _content(product, row):
    try:
        unit_price = Decimal(row["unit_price"])
    except InvalidOperation:
        raise Invalid(f"{row['difference']}: {row['unit_price'] or 'nothing'} is not a price") from None
    return commands.NewProduct(
        sku=row["sku"],
        name=row["name"],
        unit_price=unit_price,
        currency=product.currency,
        description=product.description,
        tax_class=product.tax_class,
        variant_of=product.id,
        options=row["options"],
    )
