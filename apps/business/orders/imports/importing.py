"""Imports one file: everything that is not there yet, invoice by invoice in the order of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from apps.business.inventory import commands as inventory
from apps.business.orders.imports import ledger
from apps.business.orders.imports.booking import book_invoices
from apps.business.orders.imports.documents import Context
from apps.business.orders.imports.invoices import Invoice, batches, invoices_of
from apps.business.orders.imports.opening import opening_receipts
from apps.business.orders.imports.people import customer_ids, product_ids
from apps.business.orders.imports.reader import InvoiceFile
from apps.business.orders.imports.report import Report, report_of
from apps.business.orders.models import ImportRun
from apps.business.reconciliation.reconciling import ON_ITS_WAY
from apps.business.units import work_of
from apps.core.history import Actor

Progress = Callable[[str, int, int], None]


def import_file(
    file: InvoiceFile, *, currency: str, time_zone: str, actor: Actor, now: datetime, progress: Progress
) -> Report:
    """Import the file into the current tenant and tell what came of it.

    Safe to repeat, and to be killed at any point: a second start goes on where the first one stopped.
    `progress(what, done, total)` hears of each invoice.
    """
    run = ledger.run_of(file, currency=currency, time_zone=time_zone, actor=actor)
    invoices, contradictory = invoices_of(file.lines)
    ledger.note_rejected(run, [*file.rejected, *contradictory], actor=actor)
    todo = _unsettled(invoices)
    progress("customers and products", 0, len(invoices))
    lines = [line for invoice in todo for line in invoice.lines]
    context = Context(
        run=run,
        customers=customer_ids(lines, actor=actor, now=now),
        products=product_ids(lines, currency=currency, actor=actor, now=now),
        actor=actor,
        now=now,
    )
    _book_opening(todo, context)
    done = len(invoices) - len(todo)
    for together in batches(todo):
        book_invoices(together, context)
        done += len(together)
        progress("invoices", done, len(invoices))
    _finish(context)
    before, all_of_them = now - ON_ITS_WAY, len(invoices)
    return report_of(
        file,
        run,
        before=before,
        heard=lambda what, count: progress(f"reconciling: {count:,} {what}", all_of_them, all_of_them),
    )


def _unsettled(invoices: Sequence[Invoice]) -> list[Invoice]:
    """The invoices of which a line is missing, or was imported before with another content."""
    settled = ledger.settled(invoice.number for invoice in invoices)
    known = {identity: line.fingerprint for identity, line in settled.items()}
    return [
        invoice
        for invoice in invoices
        if any(known.get((line.invoice_no, line.ordinal)) != line.fingerprint for line in invoice.lines)
    ]


def _book_opening(todo: Sequence[Invoice], context: Context) -> None:
    """Book the opening receipts of the whole file, once: a later start finds them booked and works out none."""
    with work_of(context.actor, ImportRun):
        run = ledger.lock_run(context.run.id)
        if run.opening_booked_at or not todo:
            return
        receipts = opening_receipts(todo)
        if receipts:
            occasion = inventory.Occasion(
                actor=context.actor,
                occurred_at=todo[0].at,
                recorded_at=context.now,
                reason=f"opening stock for {run.file_name}"[:200],
            )
            quantities = {context.products[code]: quantity for code, quantity in receipts.items()}
            inventory.receive_many(quantities=quantities, occasion=occasion)
        run.opening_booked_at = context.now
        run.save(update_fields=["opening_booked_at"])


def _finish(context: Context) -> None:
    with work_of(context.actor, ImportRun):
        run = ledger.lock_run(context.run.id)
        run.finished_at = context.now
        run.save(update_fields=["finished_at"])
