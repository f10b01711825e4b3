"""What is kept about a person elsewhere than in a feature of this service: mail, and what they did in business."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.business.facade import business
from apps.core.mail import queries as mail
from apps.iam.exports import queries
from apps.iam.exports.personal import PersonalData, Subject, register

_MAIL = ("id", "created_at", "template", "recipient", "subject", "state", "sent_at", "tenant_id")
_EXPORT = ("id", "kind", "state", "requested_by", "requested_by_name", "requested_at", "finished_at")


def _orders(subject: Subject) -> Iterator[dict[str, Any]]:
    after: str | None = None
    while True:
        page = business.orders_placed_by(subject.user_id, after=after)
        yield from page.rows
        after = page.after
        if after is None:
            return


def _mail(subject: Subject) -> Iterator[dict[str, Any]]:
    if subject.is_own:
        for one in mail.messages().filter(person_id=subject.user_id):
            yield {name: getattr(one, name) for name in _MAIL}


def _exports(subject: Subject) -> Iterator[dict[str, Any]]:
    for one in queries.exports_about(subject.user_id):
        yield {name: getattr(one, name) for name in _EXPORT}


register(PersonalData("orders", "Orders that they placed or entered in this company", _orders))
register(PersonalData("mail", "Messages that were sent to them, without their text", _mail))
register(PersonalData("exports", "Exports that were made of their data in this company", _exports))
