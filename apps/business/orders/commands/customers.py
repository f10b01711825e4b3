"""Creating and changing customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.business.constraints import violation_means
from apps.business.orders import queries
from apps.business.orders.errors import CustomerCodeTaken, InvalidCustomer
from apps.business.orders.models import Customer
from apps.business.units import work_of
from apps.core.crypto.fields import prepare_keys
from apps.core.errors import PreconditionFailed
from apps.core.history import Actor

_BATCH = 500
_UNIQUE_CODE = "orders_customer_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """What is known of a customer."""

    code: str
    name: str
    email: str = ""
    country: str = ""


def create_customer(*, customer: NewCustomer, actor: Actor, now: datetime) -> Customer:
    """Raises InvalidCustomer, CustomerCodeTaken."""
    return create_customers(customers=[customer], actor=actor, now=now)[0]


def create_customers(*, customers: Sequence[NewCustomer], actor: Actor, now: datetime) -> list[Customer]:
    """Create many customers: all or none. Raises InvalidCustomer, CustomerCodeTaken."""
    created = [Customer(created_at=now, updated_at=now, created_by=actor.id, updated_by=actor.id) for _ in customers]
    for row, content in zip(created, customers, strict=True):
        _fill(row, content)
    codes = ", ".join(sorted(content.code for content in customers)[:5])
    taken = CustomerCodeTaken(f"a customer with the code {codes} exists already")
    with violation_means(_UNIQUE_CODE, lambda: taken), work_of(actor, Customer) as work:
        prepare_keys(created, using=work.alias)
        Customer.objects.bulk_create(created, batch_size=_BATCH)
    return created


def update_customer(
    *, customer_id: UUID, changes: Mapping[str, Any], expected_version: int | None = None, actor: Actor, now: datetime
) -> Customer:
    """Change what is known of a customer. `changes` names fields of `NewCustomer`. Safe to repeat.

    Raises CustomerNotFound, PreconditionFailed, InvalidCustomer, CustomerCodeTaken.
    """
    taken = CustomerCodeTaken(f"a customer with the code {changes.get('code')} exists already")
    with violation_means(_UNIQUE_CODE, lambda: taken), work_of(actor, Customer):
        customer = queries.lock_customer(customer_id)
        if expected_version is not None and customer.version != expected_version:
            raise PreconditionFailed(
                f"{customer.name} is at version {customer.version}, not {expected_version}", version=customer.version
            )
        before = NewCustomer(code=customer.code, name=customer.name, email=customer.email, country=customer.country)
        after = NewCustomer(**{**asdict(before), **changes})
        if after != before:
            _fill(customer, after)
            customer.save()
    return customer


def _fill(customer: Customer, content: NewCustomer) -> None:
    """Raises InvalidCustomer."""
    _check(content)
    customer.code, customer.email, customer.country = content.code, content.email, content.country
    customer.call(content.name)


def _check(content: NewCustomer) -> None:
    errors: dict[str, list[str]] = {}
    if not content.code.strip() or len(content.code) > 64 or content.code != content.code.strip():
        errors["code"] = ["1 to 64 characters, without space at the ends"]
    if not content.name.strip() or len(content.name) > 200:
        errors["name"] = ["1 to 200 characters"]
    if len(content.country) > 100:
        errors["country"] = ["at most 100 characters"]
    if content.email and not _is_email(content.email):
        errors["email"] = ["not an e-mail address"]
    if errors:
        raise InvalidCustomer("; ".join(f"{name}: {texts[0]}" for name, texts in errors.items()), errors=errors)


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254
