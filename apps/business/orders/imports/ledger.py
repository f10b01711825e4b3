"""The memory of imports: which run a file belongs to, and what became of each line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.db import connections

from apps.business.orders.imports.reader import InvoiceFile, Line, Rejected
from apps.business.orders.models import ImportedLine, ImportRun
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


def lock_invoice(number: str) -> None:
    """Nobody else imports this invoice until the transaction ends. One statement."""
    with connections[alias_for(ImportRun)].cursor() as cursor:
        key = f"{require_tenant_id()}:{number}"
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


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
