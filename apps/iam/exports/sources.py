"""What an export is made of: named parts, each a stream of rows. Asked for in the tenant that is exported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils import timezone

from apps.business.facade import business
from apps.core.events import archive
from apps.core.tenancy import require_tenant_id
from apps.core.tenantdata.reading import RowsPage, all_rows
from apps.core.tenantdata.tables import ExportedTable, exported_tables
from apps.iam.audit import exporting
from apps.iam.exports.personal import PersonalData, Subject, all_personal_data
from apps.iam.service import DATABASE
from apps.iam.tenants import queries as tenants
from apps.iam.users import queries as users

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One file of an export, and what the manifest says of it."""

    file: str
    label: str
    rows: Callable[[], Iterable[Row]]
    left_out: tuple[str, ...] = ()


def parts_of_company() -> list[Part]:
    """Every table of the current tenant in every service; the tenant itself, its people's addresses, and its security
    log, which can be verified with `manage.py verify_audit --file`.
    """
    own = [_of_table("iam", table, partial(all_rows, DATABASE, table.name)) for table in exported_tables(DATABASE)]
    theirs = [_of_table("business", table, partial(_rows_of_business, table)) for table in business.exported_tables()]
    return [
        Part("iam/tenant.jsonl", "The company", lambda: [_tenant()]),
        Part("iam/people.jsonl", "Names and addresses of its people", users.contacts),
        Part("iam/security_log.jsonl", "The security log", lambda: exporting.whole_log(now=timezone.now())),
        *own,
        Part("iam/archived_events.jsonl", "Events of months that were archived", _archived_of_iam),
        *theirs,
        Part("business/archived_events.jsonl", "Events of months that were archived", _archived_of_business),
    ]


def parts_of_person(subject: Subject) -> list[Part]:
    """What every feature keeps about a person."""
    return [_of_feature(data, subject) for data in all_personal_data()]


def _of_table(service: str, table: ExportedTable, rows: Callable[[], Iterable[Row]]) -> Part:
    return Part(f"{service}/{table.name}.jsonl", table.name, rows, table.left_out)


def _of_feature(data: PersonalData, subject: Subject) -> Part:
    return Part(f"{data.code}.jsonl", data.label, partial(data.rows, subject))


def _rows_of_business(table: ExportedTable) -> Iterator[Row]:
    return _all(partial(business.exported_rows, table.name))


def _archived_of_business() -> Iterator[Row]:
    return _all(business.archived_events)


def _archived_of_iam() -> Iterator[Row]:
    for month in archive.months(DATABASE):
        yield from archive.rows(DATABASE, month)


def _all(ask: Callable[..., RowsPage]) -> Iterator[Row]:
    """Page by page."""
    after: str | None = None
    while True:
        page = ask(after=after)
        yield from page.rows
        after = page.after
        if after is None:
            return


def _tenant() -> Row:
    found = tenants.tenant_by_id(require_tenant_id())
    names = ("id", "slug", "name", "status", "default_currency", "locale", "time_zone", "colour", "created_at")
    return {name: getattr(found, name) for name in names}
