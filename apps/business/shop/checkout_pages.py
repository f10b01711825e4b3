"""From a shop's cart to an order: where it goes, then how it is sent and paid for, then what became of it.

Nothing is kept between the two steps: what was said travels in the form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.shortcuts import redirect

from apps.business.carts import commands, queries
from apps.business.carts.errors import TotalChanged
from apps.business.carts.links import path_of
from apps.business.inventory.errors import StockShort
from apps.business.orders import queries as orders
from apps.business.payments import queries as payments
from apps.business.shop.forms import BillingForm, BuyerForm, WayForm
from apps.business.shop.visits import Visit, shop_page
from apps.core.errors import DomainError, Invalid

_ON_ACCOUNT = "account"


@dataclass(slots=True)
class Step:
    """What a buyer has said so far."""

    buyer: BuyerForm
    billing: BillingForm
    way: WayForm
    problem: str = ""

    @property
    def is_addressed(self) -> bool:
        return self.buyer.is_valid() and self.billing.is_valid()


@shop_page(post=True)
def checkout(request, visit):
    """GET, POST /shop/<slug>/checkout: `address`, then `review`, then `place`."""
    contents = visit.contents()
    if request.method == "POST" and request.POST.get("action") == "place":
        return _place(request, visit)
    if not contents.can_be_ordered:
        return redirect(f"{visit.path}cart")
    if request.method != "POST":
        return _asks_where(request, visit, _new(request, visit))
    step = _said(request)
    if request.POST.get("action") == "address" or not step.is_addressed:
        return _asks_where(request, visit, step)
    return _asks_how(request, visit, step)


def _place(request, visit):
    step = _said(request)
    if not step.is_addressed:
        return _asks_where(request, visit, step)
    if not step.way.is_valid() or step.way.cleaned_data["payment"] not in _payments(visit):
        step.problem = "Choose how to pay."
        return _asks_how(request, visit, step, status=422)
    try:
        order_id = commands.check_out(
            cart_id=UUID(request.POST.get("cart_id", "")),
            visitor=visit.visitor,
            buyer=commands.Buyer(name=step.buyer.cleaned_data["name"], email=step.buyer.cleaned_data["email"]),
            checkout=_checkout(step, agreed_total_minor=step.way.cleaned_data["agreed_total_minor"]),
            currency=visit.here.currency,
            now=visit.at,
        )
    except (StockShort, TotalChanged, Invalid) as error:
        step.problem = _told(error)
        return _asks_how(request, visit, step, status=409)
    except ValueError:
        return redirect(f"{visit.path}cart")
    by_page = step.way.cleaned_data["payment"] == payments.PAGE
    return redirect(f"{path_of(visit.here.slug, order_id)}{'payment' if by_page else ''}")


def _told(error: DomainError) -> str:
    if isinstance(error, TotalChanged):
        return "The total has changed since you saw it. Look at it, and place the order again if you agree."
    if isinstance(error, StockShort):
        return "There is less in stock by now than you want: change your cart."
    texts = [text for texts in getattr(error, "errors", {}).values() for text in texts]
    return f"{texts[0][:1].upper()}{texts[0][1:]}." if texts else str(error)


def _new(request, visit: Visit) -> Step:
    """What is known of somebody already is filled in."""
    address = queries.usual_address(visit.visitor)
    known: dict[str, Any] = dict(address.texts) if address else {}
    if visit.visitor.user_id is not None:
        known = {"name": request.principal.name, "email": request.principal.email, **known}
    return Step(BuyerForm(initial=known), BillingForm(), WayForm())


def _said(request) -> Step:
    return Step(BuyerForm(request.POST), BillingForm(request.POST), WayForm(request.POST))


def _checkout(step: Step, **changes: Any) -> commands.Checkout:
    said = step.way.cleaned_data if step.way.is_valid() else {}
    method = said.get("payment", "")
    facts = {
        "shipping_address": step.buyer.address,
        "billing_address": step.billing.address_if_any,
        "shipping_method_id": said.get("shipping_method_id"),
        "payment_method": "" if method == _ON_ACCOUNT else method,
        "note": said.get("note", ""),
    }
    return commands.Checkout(**{**facts, **changes})


def _asks_where(request, visit, step):
    context = {"buyer": step.buyer, "billing": step.billing, "cart": visit.contents()}
    return visit.show(request, "shop/checkout.html", context, status=422 if step.buyer.errors else 200)


def _asks_how(request, visit, step, *, status=200):
    contents = visit.contents()
    if not contents.can_be_ordered:
        return redirect(f"{visit.path}cart")
    ways = _ways(visit, step, contents)
    chosen = _chosen(ways, step)
    quoted = commands.quote(contents=contents, checkout=_checkout(step, shipping_method_id=chosen), now=visit.at)
    context = {
        "buyer": step.buyer,
        "billing": step.billing,
        "address": step.buyer.address,
        "billing_address": step.billing.address_if_any,
        "cart": contents,
        "ways": ways,
        "chosen_way": chosen,
        "unreachable": not ways and orders.shipping_methods().exists(),
        "payments": _payments(visit),
        "chosen_payment": step.way.data.get("payment", ""),
        "note": step.way.data.get("note", "")[:500],
        "quoted": quoted.order,
        "problem": step.problem,
    }
    return visit.show(request, "shop/review.html", context, status=status)


def _ways(visit, step, contents):
    """Each way to that country with what it costs for these goods, the cheapest first."""
    found = orders.shipping_methods_for(country=step.buyer.cleaned_data["country"], currency=visit.here.currency)
    priced = [(way.price_in(visit.here.currency).charge_minor(contents.total_minor), way) for way in found]
    priced.sort(key=lambda one: (one[0], one[1].name))
    return [{"id": way.id, "name": way.name, "charge_minor": charge} for charge, way in priced]


def _chosen(ways, step) -> UUID | None:
    wanted = step.way.cleaned_data.get("shipping_method_id") if step.way.is_valid() else None
    ids = [way["id"] for way in ways]
    return wanted if wanted in ids else next(iter(ids), None)


def _payments(visit) -> dict[str, str]:
    """The ways to pay, by what the form sends for each."""
    on_account = {_ON_ACCOUNT: "By invoice, afterwards"} if visit.here.sells_on_account else {}
    by_card = {payments.PAGE: "By card, on the payment provider's page"} if payments.chosen_provider().provider else {}
    return {**by_card, **on_account}
