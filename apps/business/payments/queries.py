"""Every read of payments and their ledger. Each costs one statement unless it says otherwise."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, Sum

from apps.business.payments.errors import PaymentNotFound
from apps.business.payments.models import (
    OPEN,
    LedgerAccount,
    LedgerEntry,
    LedgerLine,
    Operation,
    Payment,
    ProviderSettings,
)
from apps.business.payments.providers import registry
from apps.business.payments.providers.port import PAGE
from apps.business.payments.providers.port import PAGE_CLOSED as PAGE_CLOSED
from apps.business.payments.providers.port import PAGE_EXPIRED as PAGE_EXPIRED
from apps.business.payments.providers.port import PAGE_NOT_OPENED as PAGE_NOT_OPENED
from apps.core.db.compiled import CompiledRead
from apps.core.db.router import alias_for
from apps.core.events import Envelope
from apps.core.events.log import stream
from apps.core.history.changes import Change, ChangeFilter, changes_of
from apps.core.tenancy import require_tenant_id

_DEAD = (Payment.Status.DECLINED, Payment.Status.VOIDED)


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account holds: debits less credits, and each of them, in minor units of `currency`."""

    code: str
    label: str
    currency: str
    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        return self.debit_minor - self.credit_minor


@dataclass(frozen=True, slots=True)
class ChosenProvider:
    """Who takes a tenant's payments; "" while nobody does. `key_ending` tells keys apart."""

    provider: str
    key_ending: str
    webhook_path: str


def payments() -> Any:
    """All payments, newest first."""
    return Payment.objects.in_tenant().order_by("-created_at", "-id")


# What the way of each payment asks again and again.
_BY_ID = CompiledRead(lambda payment_id: Payment.objects.in_tenant().filter(id=payment_id), "payment_id")
_LOCKED = CompiledRead(
    lambda payment_id: Payment.objects.in_tenant().select_for_update().filter(id=payment_id), "payment_id"
)
_OF_ORDER = CompiledRead(lambda order_id: payments().filter(order_id=order_id), "order_id")
_OPERATIONS = CompiledRead(
    lambda payment_id: Operation.objects.in_tenant().filter(payment_id=payment_id).order_by("id"), "payment_id"
)
_OPERATION = CompiledRead(lambda operation_id: Operation.objects.in_tenant().filter(id=operation_id), "operation_id")
_PROVIDER = CompiledRead(lambda: ProviderSettings.objects.in_tenant().order_by("id"))


def start_of(day: date) -> datetime:
    """Midnight, UTC."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def payment(payment_id: UUID) -> Payment:
    """Raises PaymentNotFound."""
    return _found(next(iter(_BY_ID(payment_id=payment_id)), None), payment_id)


def payment_of(order_id: UUID) -> Payment | None:
    """The payment of an order: the one that is neither declined nor voided, else the latest. None without any."""
    found = payments_of(order_id)
    return next((one for one in found if one.status not in _DEAD), next(iter(found), None))


def payments_of(order_id: UUID) -> list[Payment]:
    """Every payment of an order, newest first: declined and voided ones too."""
    return _OF_ORDER(order_id=order_id)


def ids_that_wait() -> Any:
    """Ids of the payments of which nobody answered for so long that a person must look, as a subquery."""
    return Operation.objects.in_tenant().filter(state=Operation.State.STUCK).values("payment_id")


def lock_payment(payment_id: UUID) -> Payment:
    """The payment under a row lock. Raises PaymentNotFound."""
    return _found(next(iter(_LOCKED(payment_id=payment_id)), None), payment_id)


def lock_payment_called(reference: str) -> Payment | None:
    """The payment that the provider calls so, under a row lock."""
    rows = Payment.objects.in_tenant().select_for_update().filter(reference=reference)
    found: Payment | None = rows.first() if reference else None
    return found


def money_of(order_ids: Collection[UUID], *, before: datetime) -> dict[UUID, tuple[int, int]]:
    """What was taken and given back for each of these orders; not of those whose payment changed since `before`, which
    may not have heard of it.
    """
    rows = Payment.objects.in_tenant().filter(order_id__in=list(order_ids), captured_minor__gt=0, updated_at__lt=before)
    found = rows.values_list("order_id", "captured_minor", "refunded_minor")
    return {order_id: (captured, refunded) for order_id, captured, refunded in found}


def operations_of(payment_id: UUID) -> list[Operation]:
    """What was asked of the provider for a payment, oldest first."""
    return _OPERATIONS(payment_id=payment_id)


def operation(operation_id: UUID) -> Operation:
    """One that is there."""
    (found,) = _OPERATION(operation_id=operation_id)
    return found


def open_operations(payment_id: UUID) -> list[Operation]:
    """Those that are not settled, oldest first."""
    return [operation for operation in operations_of(payment_id) if operation.state in OPEN]


def on_its_way_back_minor(payment_id: UUID) -> int:
    """What is being given back, and was not given back yet."""
    rows = Operation.objects.in_tenant().filter(payment_id=payment_id, kind=Operation.Kind.REFUND, state__in=OPEN)
    return int(rows.aggregate(total=Sum("amount_minor"))["total"] or 0)


def refund_key(cause_id: UUID) -> str:
    """What tells the refund for a return or a cancelled order from every other."""
    return f"order {cause_id}"


def was_wanted(payment_id: UUID, request_key: str) -> bool:
    """Whether this was asked to be given back before."""
    wanted = Operation.objects.in_tenant().filter(payment_id=payment_id, kind=Operation.Kind.REFUND)
    return bool(wanted.filter(request_key=request_key).exists())


def timeline(payment_id: UUID) -> list[Envelope]:
    """What happened to a payment, oldest first, from the event log. Two statements. Raises PaymentNotFound."""
    payment(payment_id)
    return stream(payment_id, using=alias_for(Payment))


def entries() -> Any:
    """The ledger with its lines and their accounts, the latest first. Three statements."""
    lines = LedgerLine.objects.in_tenant().select_related("account").order_by("-amount_minor", "id")
    found = LedgerEntry.objects.in_tenant().prefetch_related(Prefetch("lines", lines))
    return found.order_by("-recorded_at", "-id")


def entries_of(payment_id: UUID) -> list[LedgerEntry]:
    """What was booked for a payment, oldest first. Three statements."""
    return list(entries().filter(payment_id=payment_id).order_by("id"))


def references_of(cause_ids: Iterable[UUID]) -> list[str]:
    """What the ledger calls money that was taken and given back elsewhere for these orders and returns."""
    return [reference for cause_id in cause_ids for reference in (str(cause_id), f"{cause_id} beyond")]


def owed_settled(references: Collection[str]) -> int:
    """How much of what customers owed was settled by these entries, less what was given back, in minor units."""
    rows = LedgerLine.objects.in_tenant().filter(
        entry__reference__in=list(references), account__code=LedgerAccount.Code.RECEIVABLES
    )
    return -int(rows.aggregate(sum=Sum("amount_minor"))["sum"] or 0)


def trial_balance() -> list[Balance]:
    """Every account, by currency. In each currency the debits equal the credits."""
    debit = Sum("amount_minor", filter=Q(amount_minor__gt=0), default=0)
    credit = Sum("amount_minor", filter=Q(amount_minor__lt=0), default=0)
    rows = LedgerLine.objects.in_tenant().values("account__code", "account__currency").order_by()
    sums = rows.annotate(debit=debit, credit=credit)
    places = list(LedgerAccount.Code)
    balances = [_balance(row) for row in sums]
    return sorted(balances, key=lambda one: (one.currency, places.index(LedgerAccount.Code(one.code))))


def provider_settings() -> ProviderSettings | None:
    """Which provider the tenant has chosen, if any."""
    return next(iter(_PROVIDER()), None)


def chosen_provider() -> ChosenProvider:
    """Which provider takes the tenant's payments, and where it is to call."""
    row = provider_settings()
    name = row.provider if row else registry.default_name()
    path = f"/api/v1/payment-notices/{name}/{require_tenant_id()}" if name else ""
    return ChosenProvider(name, row.key_ending if row else "", path)


def page_operation(payment_id: UUID) -> Operation | None:
    """What is still open of a payment that the buyer makes on the provider's page."""
    rows = Operation.objects.in_tenant().filter(payment_id=payment_id, payment__method=PAGE)
    found: Operation | None = rows.filter(kind=Operation.Kind.AUTHORISE, state__in=OPEN).first()
    return found


def is_given_up(payment_id: UUID) -> bool:
    """Whether it is to be voided as soon as the provider has been heard."""
    return any(operation.kind == Operation.Kind.VOID for operation in open_operations(payment_id))


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """The latest wanted changes of payments and their provider, newest first. Three statements each."""
    return changes_of(Payment, ProviderSettings, where=where, limit=limit)


def _balance(row: Mapping[str, Any]) -> Balance:
    code = LedgerAccount.Code(row["account__code"])
    return Balance(code.value, str(code.label), row["account__currency"], row["debit"], -row["credit"])


def _found(found: Payment | None, payment_id: UUID) -> Payment:
    if found is None:
        raise PaymentNotFound(f"there is no payment {payment_id}")
    return found
