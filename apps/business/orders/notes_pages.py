"""Notes of an order in the console: shown on its page, written and taken away here."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect
from django.utils import timezone

from apps.business.orders import commands
from apps.business.orders.permissions import OrderPermission
from apps.core.api.pages import page
from apps.core.errors import DomainError

_OF_ORDER = ("order", "order_id")


@page(post=OrderPermission.ANNOTATE, scoped_to=_OF_ORDER)
def order_notes(request, order_id):
    """POST /orders/<id>/notes"""
    attached = [commands.Attached(file.name, file) for file in request.FILES.getlist("files")]
    try:
        commands.add_note(
            order_id=order_id,
            text=request.POST.get("text", ""),
            attached=attached,
            actor=request.actor,
            now=timezone.now(),
        )
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(f"/orders/{order_id}/")


@page(post=OrderPermission.ANNOTATE, scoped_to=_OF_ORDER)
def order_note_removal(request, order_id, note_id):
    """POST /orders/<id>/notes/<note>/removal"""
    try:
        commands.remove_note(order_id=order_id, note_id=note_id, actor=request.actor)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(f"/orders/{order_id}/")
