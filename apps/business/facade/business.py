"""What may be asked of the business service, wherever it runs. Everything is answered for the current tenant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from apps.business.facade.contracts import OrderInfo, ProductInfo
from apps.core.history.changes import Change, ChangeFilter
from apps.core.remote import implementation
from apps.core.tenantdata.reading import RowsPage
from apps.core.tenantdata.tables import ExportedTable


def product(product_id: UUID) -> ProductInfo:
    """One product, also a deleted one. Raises ProductNotFound (a NotFound)."""
    return cast(ProductInfo, implementation("business").product(product_id))


def products(product_ids: Iterable[UUID]) -> dict[UUID, ProductInfo]:
    """Those of the given products that exist, by id. One statement."""
    return cast(dict[UUID, ProductInfo], implementation("business").products(product_ids))


def orders(order_ids: Iterable[UUID]) -> dict[UUID, OrderInfo]:
    """Those of the given orders that are listed, by id. One statement."""
    return cast(dict[UUID, OrderInfo], implementation("business").orders(order_ids))


def product_names(product_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of those of the given products that exist, deleted ones too. One statement."""
    return cast(dict[UUID, str], implementation("business").product_names(product_ids))


def order_names(order_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The numbers of those of the given orders that exist. One statement."""
    return cast(dict[UUID, str], implementation("business").order_names(order_ids))


def customer_names(customer_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of those of the given customers that exist. One statement."""
    return cast(dict[UUID, str], implementation("business").customer_names(customer_ids))


def order_attributes(order_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """What policies may ask of those of the given orders that exist (`orders.resources`). One statement."""
    return cast(dict[UUID, dict[str, Any]], implementation("business").order_attributes(order_ids))


def customer_attributes(customer_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """The same of customers. One statement."""
    return cast(dict[UUID, dict[str, Any]], implementation("business").customer_attributes(customer_ids))


def product_attributes(product_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """The same of products (`catalog.resources`), deleted ones too. One statement."""
    return cast(dict[UUID, dict[str, Any]], implementation("business").product_attributes(product_ids))


def orders_placed_by(user_id: UUID, *, after: str | None = None) -> RowsPage:
    """The orders that a person placed or entered, a page at a time."""
    return cast(RowsPage, implementation("business").orders_placed_by(user_id, after=after))


def exported_tables() -> list[ExportedTable]:
    """What an export of a tenant reads here, by name."""
    return cast(list[ExportedTable], implementation("business").exported_tables())


def exported_rows(table: str, *, after: str | None = None) -> RowsPage:
    """Some rows of one of these tables, from where the page before ended. Raises KeyError for any other table."""
    return cast(RowsPage, implementation("business").exported_rows(table, after=after))


def archived_events(*, after: str | None = None) -> RowsPage:
    """The current tenant's events of the next archived month, from where the page before ended."""
    return cast(RowsPage, implementation("business").archived_events(after=after))


def exported_files(*, after: str | None = None) -> RowsPage:
    """Files that the current tenant keeps here: id, name, type and size, a page at a time."""
    return cast(RowsPage, implementation("business").exported_files(after=after))


def file_content(file_id: UUID) -> bytes:
    """The whole of one of them. Raises NotFound where its bytes are gone."""
    return cast(bytes, implementation("business").file_content(file_id))


def order_erasure(*, reason: str, ordered_by: UUID | None) -> None:
    """Let everything of the current tenant be erased here. Cannot be taken back. Safe to repeat."""
    implementation("business").order_erasure(reason=reason, ordered_by=ordered_by)


def destroy_keys() -> None:
    """Make what is encrypted here for the current tenant and its people unreadable for good. Safe to repeat."""
    implementation("business").destroy_keys()


def erase_some() -> int:
    """Erase some rows of the current tenant; returns how many, 0 when none is left. Only after `order_erasure`."""
    return cast(int, implementation("business").erase_some())


def forget_person(person_id: UUID, *, tenant_ids: Iterable[UUID]) -> None:
    """Erase what is kept here of a person who was in these tenants. Cannot be taken back. Safe to repeat."""
    implementation("business").forget_person(person_id, tenant_ids=tenant_ids)


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """The latest wanted changes of everything that is kept here, newest first: for the audit."""
    return cast(list[Change], implementation("business").changes(where, limit=limit))
