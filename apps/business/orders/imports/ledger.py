"""The memory of imports: which run a file belongs to, and what became of each line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import Sum

from apps.business.orders.imports.reader import InvoiceFile, Line, Rejected
from apps.business.orders.models import ImportedDocument, ImportedLine, ImportRun
from apps.business.units import work_of
from apps.core.db.router import alias_for
from apps.core.history import Actor
from apps.core.tenancy import require_tenant_id

_BATCH = 1000
Identity = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Settled:
    """A line that was booked, as the memory has it."""

    fingerprint: str
    exact_e4: int
    booked_minor: int
    became: str


def run_of(file: InvoiceFile, *, currency: str, time_zone: str, actor: Actor) -> ImportRun:
    """The run of this file in this tenant: the one that was begun before, or a new one."""
    with work_of(actor, ImportRun):
        run, _ = ImportRun.objects.get_or_create(
            tenant_id=require_tenant_id(),
            checksum=file.checksum,
            defaults={"file_name": file.name[:255], "currency": currency, "time_zone": time_zone},
        )
    found: ImportRun = run
    return found


def lock_run(run_id: Any) -> ImportRun:
    """The run under a row lock. Inside a transaction only."""
    run: ImportRun = ImportRun.objects.in_tenant().select_for_update().get(id=run_id)
    return run


def lock_invoices(numbers: Sequence[str]) -> None:
    """Nobody else imports these invoices until the transaction ends. One statement; locks are taken in one order."""
    with connections[alias_for(ImportRun)].cursor() as cursor:
        keys = [f"{require_tenant_id()}:{number}" for number in numbers]
        cursor.execute(
            "select pg_advisory_xact_lock(hash) from (select hashtextextended(key, 0) as hash "
            "from unnest(%s::text[]) key order by hash offset 0) ordered",
            [keys],
        )


def settled(numbers: Iterable[str]) -> dict[Identity, Settled]:
    """The booked lines of these invoices, by (invoice number, ordinal). One statement for a thousand invoices."""
    wanted, found = list(numbers), {}
    for start in range(0, len(wanted), _BATCH):
        rows = ImportedLine.objects.in_tenant().filter(
            outcome=ImportedLine.Outcome.IMPORTED, invoice_no__in=wanted[start : start + _BATCH]
        )
        columns = ("invoice_no", "ordinal", "fingerprint", "exact_e4", "booked_minor", "became")
        for number, ordinal, *rest in rows.values_list(*columns):
            found[(number, ordinal)] = Settled(*rest)
    return found


def documents(numbers: Collection[str]) -> dict[str, list[UUID]]:
    """The orders and returns that these invoices became, by the invoice's number. One statement."""
    found: dict[str, list[UUID]] = defaultdict(list)
    rows = ImportedDocument.objects.in_tenant().filter(invoice_no__in=list(numbers))
    for number, document_id in rows.values_list("invoice_no", "document_id"):
        found[number].append(document_id)
    return found


def booked_minor(numbers: Collection[str]) -> dict[str, int]:
    """What the lines of these invoices were booked with, by the invoice's number. One statement."""
    rows = ImportedLine.objects.in_tenant().filter(outcome=ImportedLine.Outcome.IMPORTED, invoice_no__in=list(numbers))
    return dict(rows.values_list("invoice_no").annotate(Sum("booked_minor")))


def rejections(run: ImportRun) -> list[ImportedLine]:
    """The rejected lines of a run in the order of the file. One statement."""
    rejected = ImportedLine.objects.in_tenant().filter(run_id=run.id, outcome=ImportedLine.Outcome.REJECTED)
    return list(rejected.order_by("line_number"))


def note_imported(run: ImportRun, booked: Sequence[tuple[Line, str, int]]) -> None:
    """Remember (line, what it became, what was booked in minor units), in the transaction that booked it."""
    ImportedLine.objects.bulk_create(
        [
            ImportedLine(
                run_id=run.id,
                line_number=line.line_number,
                invoice_no=line.invoice_no,
                ordinal=line.ordinal,
                fingerprint=line.fingerprint,
                outcome=ImportedLine.Outcome.IMPORTED,
                became=became,
                exact_e4=line.exact_e4,
                booked_minor=booked_minor,
            )
            for line, became, booked_minor in booked
        ],
        batch_size=_BATCH,
    )


def note_orders(orders: Iterable[tuple[str, UUID]]) -> None:
    """Remember the orders that invoices became, in the transaction that booked them. One statement."""
    kind = ImportedDocument.Kind.ORDER
    rows = [ImportedDocument(invoice_no=number, kind=kind, document_id=order_id) for number, order_id in orders]
    ImportedDocument.objects.bulk_create(rows)


def note_return(invoice_no: str, order_return_id: UUID) -> None:
    """The same of a return or credit."""
    kind = ImportedDocument.Kind.RETURN
    ImportedDocument(invoice_no=invoice_no, kind=kind, document_id=order_return_id).save(force_insert=True)


def note_rejected(run: ImportRun, rejected: Sequence[Rejected], *, actor: Actor) -> None:
    """Remember why lines were rejected. Safe to repeat: what is known of a line of this run stays."""
    with work_of(actor, ImportRun):
        ImportedLine.objects.bulk_create(
            [
                ImportedLine(
                    run_id=run.id,
                    line_number=line.line_number,
                    invoice_no=line.invoice_no,
                    ordinal=line.ordinal,
                    outcome=ImportedLine.Outcome.REJECTED,
                    reason=line.reason[:200],
                    exact_e4=_e4(line.amount),
                )
                for line in rejected
            ],
            batch_size=_BATCH,
            ignore_conflicts=True,
        )


def _e4(amount: Decimal) -> int:
    return int(amount.scaleb(4).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
