"""The console's shop settings."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect, render

from apps.business.carts import commands, queries
from apps.business.carts.forms import ShopForm
from apps.business.carts.permissions import ShopPermission
from apps.core.api.pages import form_errors_from, page
from apps.core.errors import DomainError
from apps.iam.facade import iam


@page(get=ShopPermission.CONFIGURE, post=ShopPermission.CONFIGURE)
def shop_settings(request):
    """GET, POST /shop-settings/"""
    company, shop = iam.tenant(request.principal.tenant_id), queries.shop()
    form = ShopForm(request.POST or None, initial=_initial(shop, company.default_currency))
    if request.method == "POST" and form.is_valid():
        wish = dict(form.cleaned_data)
        try:
            kept = commands.set_shop(
                expected_version=wish.pop("version"), settings=commands.ShopSettings(**wish), actor=request.actor
            )
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, f"The shop is {'open' if kept.is_open else 'closed'}.")
            return redirect("/shop-settings/")
    context = {"form": form, "shop": shop, "shop_path": f"/shop/{company.slug}/"}
    return render(request, "carts/settings.html", context, status=422 if form.errors else 200)


def _initial(shop, currency):
    if shop is None:
        return {"currency": currency, "version": 0}
    names = ("is_open", "currency", "title", "sells_on_account", "version")
    return {**{name: getattr(shop, name) for name in names}, "return_origins": "\n".join(shop.return_origins)}
