"""Answers the facade's calls in the process that holds the service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from apps.business.carts import queries as carts
from apps.business.catalog import queries as catalog
from apps.business.facade.contracts import OrderInfo, ProductInfo
from apps.business.orders import queries as order_queries
from apps.business.payments import queries as payments
from apps.business.service import DATABASE
from apps.business.shipping import queries as shipping
from apps.core import files
from apps.core.crypto import keys
from apps.core.events import archive, dead_letters
from apps.core.files import exporting as stored
from apps.core.history.changes import Change, ChangeFilter, newest
from apps.core.tenancy import require_tenant_id
from apps.core.tenantdata import erasing, forgetting, reading, tables
from apps.core.tenantdata.reading import RowsPage
from apps.core.tenantdata.tables import ExportedTable


def product(product_id: UUID) -> ProductInfo:
    return _product_info(catalog.product(product_id, with_deleted=True))


def products(product_ids: Iterable[UUID]) -> dict[UUID, ProductInfo]:
    found = catalog.products_by_id(list(product_ids), with_deleted=True)
    return {product_id: _product_info(product) for product_id, product in found.items()}


def orders(order_ids: Iterable[UUID]) -> dict[UUID, OrderInfo]:
    found = order_queries.order_summaries().filter(id__in=list(order_ids))
    return {summary.id: _order_info(summary) for summary in found}


def product_names(product_ids: Iterable[UUID]) -> dict[UUID, str]:
    found = catalog.products_by_id(list(product_ids), with_deleted=True)
    return {product_id: product.name for product_id, product in found.items()}


def order_names(order_ids: Iterable[UUID]) -> dict[UUID, str]:
    return order_queries.numbers(order_ids)


def customer_names(customer_ids: Iterable[UUID]) -> dict[UUID, str]:
    return order_queries.names_of_customers(customer_ids)


def order_attributes(order_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    return order_queries.attributes_of_orders(order_ids)


def customer_attributes(customer_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    return order_queries.attributes_of_customers(customer_ids)


def product_attributes(product_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    return catalog.attributes(product_ids)


def orders_placed_by(user_id: UUID, *, after: str | None = None) -> RowsPage:
    found = order_queries.orders_placed_by(user_id, after=UUID(after) if after else None, limit=reading.PAGE)
    rows = [_order_row(order) for order in found]
    return RowsPage(rows, str(found[-1].id) if len(found) == reading.PAGE else None)


def exported_tables() -> list[ExportedTable]:
    return tables.exported_tables(DATABASE)


def exported_rows(table: str, *, after: str | None = None) -> RowsPage:
    return reading.page_of_rows(DATABASE, table, after=after)


def archived_events(*, after: str | None = None) -> RowsPage:
    first, *more = [*(month for month in archive.months(DATABASE) if month.isoformat() > (after or "")), None]
    if first is None:
        return RowsPage([], None)
    return RowsPage(archive.rows(DATABASE, first), first.isoformat() if more[:-1] else None)


def exported_files(*, after: str | None = None) -> RowsPage:
    return stored.page_of_export(using=DATABASE, after=after)


def file_content(file_id: UUID) -> bytes:
    return stored.content_of(file_id, using=DATABASE)


def order_erasure(*, reason: str, ordered_by: UUID | None) -> None:
    erasing.order_erasure(DATABASE, reason=reason, ordered_by=ordered_by)


def destroy_keys() -> None:
    keys.destroy_tenants_keys(require_tenant_id(), database=DATABASE)


def erase_some() -> int:
    return archive.erase_files(DATABASE) or files.erase_files(DATABASE) or erasing.erase_some(DATABASE)


def forget_person(person_id: UUID, *, tenant_ids: Iterable[UUID]) -> None:
    forgetting.forget_person(DATABASE, person_id, tenant_ids=tenant_ids)


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    pages = [
        catalog.changes(where, limit=limit),
        order_queries.changes(where, limit=limit),
        payments.changes(where, limit=limit),
        shipping.changes(where, limit=limit),
        carts.changes(where, limit=limit),
        dead_letters.changes(where, limit=limit, using=DATABASE),
    ]
    return newest(pages, limit=limit)


def _product_info(product: Any) -> ProductInfo:
    return ProductInfo(
        id=product.id,
        sku=product.sku,
        name=product.name,
        unit_price_e4=product.unit_price_e4,
        currency=product.currency,
        is_deleted=product.is_deleted,
    )


def _order_info(summary: Any) -> OrderInfo:
    return OrderInfo(
        id=summary.id,
        number=summary.number,
        status=summary.status,
        customer_id=summary.customer_id,
        customer_name=summary.customer_name,
        placed_at=summary.placed_at,
        currency=summary.currency,
        total_minor=summary.total_minor,
        returned_minor=summary.returned_minor,
    )


def _order_row(order: Any) -> dict[str, Any]:
    return {
        "id": str(order.id),
        "number": order.number,
        "status": order.status,
        "placed_at": order.placed_at.isoformat(),
        "currency": order.currency,
        "total_minor": order.total_minor,
        "country": order.country,
        "note": order.note,
        "source": order.source,
    }
