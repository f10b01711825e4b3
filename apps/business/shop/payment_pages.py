"""What becomes of an order: its buyer is sent to the payment provider's page, comes back, and sees how it goes.

Whoever has an order's link may see it: the link is the permission. A browser is sent on by the header `Refresh`, which
takes no script; and by a link, since a form may not lead to another site (`form-action`).
"""

from __future__ import annotations

from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.shortcuts import redirect

from apps.business.orders import queries as orders
from apps.business.orders.errors import OrderNotFound
from apps.business.payments import commands as payment_commands
from apps.business.payments import queries as payments
from apps.business.payments.errors import PaymentPageUnavailable
from apps.business.shipping import queries as shipping
from apps.business.shop.visits import Visit, shop_page

_LOOK_AGAIN_S = 2


def path_of_order(visit: Visit, order_id: UUID) -> str:
    return f"{visit.path}orders/{_signer(visit).sign(str(order_id))}/"


@shop_page()
def confirmation(request, visit, token):
    """GET /shop/<slug>/orders/<token>/: how an order goes."""
    order = _order(visit, token)
    is_back = "back" in request.GET
    waits = _is_to_be_paid(order)
    context = {
        "order": order,
        "lines": order.lines.all(),
        "shipments": shipping.shipments_of_order(order.id),
        "payment_path": f"{path_of_order(visit, order.id)}payment?go=1" if waits and not is_back else "",
    }
    response = visit.show(request, "shop/confirmation.html", context)
    if waits and is_back:
        response["Refresh"] = str(_LOOK_AGAIN_S)
    return response


@shop_page()
def payment(request, visit, token):
    """GET /shop/<slug>/orders/<token>/payment: to the provider's page, as soon as the goods are set aside."""
    order, problem = _order(visit, token), ""
    if not _is_to_be_paid(order):
        return redirect(path_of_order(visit, order.id))
    known = payments.payment_of(order.id)
    if known is not None and "go" in request.GET:
        try:
            return redirect(_page_of(request, visit, order, known) or path_of_order(visit, order.id))
        except PaymentPageUnavailable:
            problem = "The payment provider cannot be reached at the moment. Your goods are set aside: try again."
    onward = f"{path_of_order(visit, order.id)}payment?go=1"
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
    return redirect(f"{path_of_order(visit, order.id)}?back")


def _order(visit, token):
    """Raises OrderNotFound."""
    try:
        return orders.order(UUID(_signer(visit).unsign(token)))
    except (BadSignature, ValueError) as error:
        raise OrderNotFound("there is no such order") from error


def _is_to_be_paid(order) -> bool:
    return bool(order.payment_method == payments.PAGE and order.status == order.Status.PENDING)


def _page_of(request, visit, order, known) -> str:
    here = request.build_absolute_uri(path_of_order(visit, order.id))
    return payment_commands.page_for(
        payment_id=known.id,
        title=f"{visit.here.title}: order {order.number}",
        paid_url=f"{here}paid",
        cancelled_url=here,
        now=visit.at,
    )


def _signer(visit: Visit) -> Signer:
    return Signer(salt=f"shop.order.{visit.here.slug}")
