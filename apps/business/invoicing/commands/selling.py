"""Who invoices, and on which terms."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from django.core.exceptions import ValidationError

from apps.business.invoicing import queries
from apps.business.invoicing.errors import InvalidSeller
from apps.business.invoicing.models import PAST_CREDITS, PAST_INVOICES, Seller
from apps.business.units import work_of
from apps.core.errors import PreconditionFailed
from apps.core.history import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerDetails:
    """Who invoices, and on which terms."""

    name: str = ""
    address: str = ""
    tax_id: str = ""
    email: str = ""
    bank: str = ""
    terms_days: int = 30
    footer: str = ""
    invoice_series: str = "INV"
    credit_series: str = "CN"


def state_seller(*, details: SellerDetails, actor: Actor, now: datetime, expected_edition: int | None = None) -> Seller:
    """Say who invoices from now on; what is issued already keeps what it says. Safe to repeat.

    Raises InvalidSeller, PreconditionFailed.
    """
    with work_of(actor, Seller):
        before = queries.seller()
        edition = before.edition if before else 0
        if expected_edition is not None and edition != expected_edition:
            raise PreconditionFailed(f"the seller's details are at edition {edition}", version=edition)
        if before is not None and details_of(before) == details:
            return before
        stated = Seller(
            **{field.name: getattr(details, field.name) for field in fields(details)},
            edition=edition + 1,
            stated_at=now,
            stated_by=actor.id,
        )
        _check(stated)
        stated.save(force_insert=True)
    return stated


def details_of(seller: Seller | None) -> SellerDetails:
    """What a company stated, or what holds until it does."""
    if seller is None:
        return SellerDetails()
    return SellerDetails(**{field.name: getattr(seller, field.name) for field in fields(SellerDetails)})


def _check(stated: Seller) -> None:
    """Raises InvalidSeller."""
    try:
        stated.clean_fields(exclude=["tenant_id", "id"])
    except ValidationError as error:
        errors = {name: [str(text) for text in texts] for name, texts in error.message_dict.items()}
    else:
        errors = {}
    for name in ("invoice_series", "credit_series"):
        text = getattr(stated, name)
        if not (text.isascii() and text.isalnum() and text.isupper()):
            errors[name] = ["1 to 12 capital letters and digits"]
        if text in (PAST_INVOICES, PAST_CREDITS):
            errors[name] = ["another: papers of the past are numbered so"]
    if stated.invoice_series == stated.credit_series:
        errors["credit_series"] = ["another than that of invoices"]
    if stated.terms_days > 365:
        errors["terms_days"] = ["at most 365"]
    if errors:
        name, texts = next(iter(errors.items()))
        raise InvalidSeller(f"{name}: {texts[0]}", errors=errors)
