"""What becomes of an order: its buyer is sent to the payment provider's page, comes back, and sees how it goes.

A browser is sent on by the header `Refresh`, which takes no script; and by a link, since a form may not lead to another
site (`form-action`).
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.shortcuts import redirect

from apps.business.carts import paying
from apps.business.carts.links import RETURN, order_id_of, path_of, way_back
from apps.business.orders import queries as orders
from apps.business.payments import commands as payment_commands
from apps.business.payments import queries as payments
from apps.business.payments.errors import PaymentPageUnavailable
from apps.business.shipping import queries as shipping
from apps.business.shop.visits import shop_page

_LOOK_AGAIN_S = 2
_TOO_LATE = (
    "It was not paid in time, so its goods are free again and nothing was taken. Order again if you still want it."
)
_WHY = {
    payments.PAGE_EXPIRED: _TOO_LATE,
    payments.PAGE_NOT_OPENED: _TOO_LATE,
    payments.PAGE_CLOSED: "It was given up before it was paid. Nothing was taken for it.",
}


@shop_page()
def confirmation(request, visit, token):
    """GET /shop/<slug>/orders/<token>/: how an order goes."""
    order = _order(visit, token)
    is_back, standing = "back" in request.GET, paying.standing_of(order)
    context = {
        "order": order,
        "lines": order.lines.all(),
        "shipments": shipping.shipments_of_order(order.id),
        "standing": standing,
        "may_pay": standing.waits and not is_back,
        "why": _WHY.get(standing.problem, ""),
        "order_path": _path(visit, order),
    }
    response = visit.show(request, "shop/confirmation.html", context)
    if (standing.waits and is_back) or (standing.is_given_up and order.status == order.Status.PENDING):
        response["Refresh"] = str(_LOOK_AGAIN_S)
    return response


@shop_page()
def payment(request, visit, token):
    """GET /shop/<slug>/orders/<token>/payment: to the provider's page, as soon as the goods are set aside."""
    order, problem = _order(visit, token), ""
    standing = paying.standing_of(order)
    if not standing.waits:
        return redirect(_path(visit, order))
    if standing.payment_id is not None and "go" in request.GET:
        try:
            return redirect(_page_of(request, visit, order, standing.payment_id) or _path(visit, order))
        except PaymentPageUnavailable:
            problem = "The payment provider cannot be reached at the moment. Your goods are set aside: try again."
    onward = f"{_path(visit, order)}payment?{urlencode({'go': 1, **_ticket(request)})}"
    context = {"order": order, "onward": onward, "problem": problem}
    response = visit.show(request, "shop/payment.html", context, status=503 if problem else 200)
    if not problem:
        response["Refresh"] = f"{_LOOK_AGAIN_S}; url={onward}"
    return response


@shop_page()
def paid(request, visit, token):
    """GET /shop/<slug>/orders/<token>/paid: back from the provider's page. It proves nothing: the provider is asked."""
    order = _order(visit, token)
    known = payments.payment_of(order.id)
    if known is not None:
        payment_commands.look_now(payment_id=known.id, now=visit.at)
    return redirect(_way_back(request, visit, order) or f"{_path(visit, order)}?back")


@shop_page(get=False, post=True)
def cancellation(request, visit, token):
    """POST /shop/<slug>/orders/<token>/cancellation: the buyer will not pay."""
    order = _order(visit, token)
    paying.give_up(order, actor=visit.visitor.actor, now=visit.at)
    return redirect(_path(visit, order))


def _order(visit, token):
    """Raises OrderNotFound."""
    return orders.order(order_id_of(visit.here.slug, token))


def _path(visit, order) -> str:
    return path_of(visit.here.slug, order.id)


def _ticket(request) -> dict[str, str]:
    """Where the buyer is to come back to, as it was signed for whoever sent them here."""
    return {RETURN: request.GET[RETURN]} if RETURN in request.GET else {}


def _way_back(request, visit, order) -> str:
    """A storefront of the company's own, if the buyer came from one."""
    return way_back(visit.here.slug, order.id, request.GET.get(RETURN, ""))


def _page_of(request, visit, order, payment_id) -> str:
    ticket = _ticket(request)
    here = request.build_absolute_uri(_path(visit, order))
    return payment_commands.page_for(
        payment_id=payment_id,
        title=f"{visit.here.title}: order {order.number}",
        paid_url=f"{here}paid{'?' if ticket else ''}{urlencode(ticket)}",
        cancelled_url=_way_back(request, visit, order) or here,
        now=visit.at,
    )
