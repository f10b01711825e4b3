"""The console's payments, their ledger, and who takes them."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.business.payments import commands, queries
from apps.business.payments.filters import LedgerFilter, PaymentFilter
from apps.business.payments.forms import AmountForm, PayoutForm, ProviderForm, RefundForm, major_text
from apps.business.payments.models import LedgerEntry, Operation, Payment
from apps.business.payments.permissions import PaymentPermission
from apps.business.payments.story import told
from apps.core.api.pages import form_errors_from, page, page_of_rows
from apps.core.db.ids import uuid7
from apps.core.errors import DomainError

_SORTABLE = ("created_at", "amount_minor")
_LEDGER = "/payments/ledger/"


@page(PaymentPermission.VIEW)
def payment_list(request):
    """GET /payments/"""
    payments, cursors, errors = page_of_rows(request, queries.payments(), filterset=PaymentFilter, sortable=_SORTABLE)
    context = {
        "payments": payments,
        "statuses": Payment.Status.choices,
        "page": cursors,
        "sortable": _SORTABLE,
        "filter_errors": errors,
        "has_provider": bool(queries.chosen_provider().provider),
    }
    return render(request, "payments/list.html", context)


@page(PaymentPermission.VIEW)
def payment_detail(request, payment_id):
    """GET /payments/<id>/"""
    payment, operations = queries.payment(payment_id), queries.operations_of(payment_id)
    refundable_minor = payment.refundable_minor - queries.on_its_way_back_minor(payment_id)
    is_asking = any(operation.is_open for operation in operations)
    context = {
        "payment": payment,
        "operations": operations,
        "entries": queries.entries_of(payment_id),
        "timeline": told(queries.timeline(payment_id)),
        "amount": major_text(payment.amount_minor, payment.currency),
        "refundable": major_text(refundable_minor, payment.currency),
        "can_capture": payment.status == Payment.Status.AUTHORISED and not is_asking,
        "can_void": payment.is_alive and not payment.is_captured and not is_asking,
        "refundable_minor": refundable_minor,
        "refund_key": uuid7(),
        "is_asking": is_asking,
        "is_stuck": any(operation.state == Operation.State.STUCK for operation in operations),
    }
    return render(request, "payments/detail.html", context)


@page(post=PaymentPermission.CAPTURE)
def payment_capture(request, payment_id):
    """POST /payments/<id>/capture"""
    form = AmountForm(request.POST, currency=queries.payment(payment_id).currency)
    return _done(request, payment_id, form, lambda: _capture(request, payment_id, form))


@page(post=PaymentPermission.CAPTURE)
def payment_voiding(request, payment_id):
    """POST /payments/<id>/voiding"""
    reason = request.POST.get("reason", "")[:200]
    return _done(
        request,
        payment_id,
        None,
        lambda: commands.void(payment_id=payment_id, reason=reason, actor=request.actor, now=timezone.now()),
    )


@page(post=PaymentPermission.REFUND)
def payment_refunds(request, payment_id):
    """POST /payments/<id>/refunds"""
    form = RefundForm(request.POST, currency=queries.payment(payment_id).currency)
    return _done(request, payment_id, form, lambda: _refund(request, payment_id, form))


@page(post=PaymentPermission.CAPTURE)
def payment_inquiry(request, payment_id):
    """POST /payments/<id>/inquiry: ask the provider again."""
    return _done(
        request,
        payment_id,
        None,
        lambda: commands.ask_again(payment_id=payment_id, actor=request.actor, now=timezone.now()),
    )


@page(PaymentPermission.VIEW_LEDGER)
def ledger(request):
    """GET /payments/ledger/"""
    return _ledger(request, PayoutForm())


@page(post=PaymentPermission.RECORD_PAYOUT)
def payouts(request):
    """POST /payments/ledger/payouts"""
    form = PayoutForm(request.POST)
    if form.is_valid():
        try:
            commands.record_payout(**form.wish(), actor=request.actor, now=timezone.now())
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, "The payout is booked.")
            return redirect(_LEDGER)
    return _ledger(request, form, status=422)


@page(get=PaymentPermission.CONFIGURE, post=PaymentPermission.CONFIGURE, step_up=True)
def provider(request):
    """GET, POST /payments/provider"""
    chosen = queries.chosen_provider()
    form = ProviderForm(request.POST or None, initial={"provider": chosen.provider})
    if request.method == "POST" and form.is_valid():
        try:
            commands.choose_provider(**form.cleaned_data, actor=request.actor)
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, "Payments go through this provider from now on.")
            return redirect("/payments/provider")
    context = {"form": form, "chosen": chosen, "webhook_url": settings.BASE_URL.rstrip("/") + chosen.webhook_path}
    return render(request, "payments/provider.html", context, status=422 if form.errors else 200)


def _ledger(request, form, *, status=200):
    entries, cursors, errors = page_of_rows(request, queries.entries(), filterset=LedgerFilter)
    context = {
        "entries": entries,
        "balances": queries.trial_balance(),
        "kinds": LedgerEntry.Kind.choices,
        "page": cursors,
        "filter_errors": errors,
        "form": form,
    }
    return render(request, "payments/ledger.html", context, status=status)


def _capture(request, payment_id, form):
    amount = form.amount_minor()
    return commands.capture(payment_id=payment_id, amount_minor=amount, actor=request.actor, now=timezone.now())


def _refund(request, payment_id, form):
    return commands.refund(
        payment_id=payment_id,
        amount_minor=form.amount_minor(),
        request_key=form.cleaned_data["key"],
        reason=form.cleaned_data["reason"],
        actor=request.actor,
        now=timezone.now(),
    )


def _done(request, payment_id, form, command):
    """Back to the payment, with what came of it."""
    if form is not None and not form.is_valid():
        messages.error(request, " ".join(f"{name}: {' '.join(texts)}" for name, texts in form.errors.items()))
        return redirect(f"/payments/{payment_id}/")
    try:
        command()
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The provider is being asked.")
    return redirect(f"/payments/{payment_id}/")
