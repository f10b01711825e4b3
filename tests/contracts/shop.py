"""A tenant with one of everything, for calls that name something real. Made through the API itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.test import Client
from django.utils import timezone

from apps.business.invoicing import commands as invoicing
from apps.business.orders.jobs import import_invoices
from apps.core.history import Actor
from apps.core.jobs import enqueue
from apps.core.jobs.models import Job
from apps.core.tenancy import tenant
from apps.iam.applications import commands as applications
from tests.callers import Caller, make_caller


@dataclass(frozen=True, slots=True)
class Shop:
    """Who owns it, and the real value of each parameter that a path may have."""

    owner: Caller
    ids: dict[str, str]


def make_shop(tenant_id: UUID) -> Shop:
    """An owner, a clerk beside him, a group with him in it, a role of their own and a rule about it, an identity
    provider and its domain, a customer, a product in stock, an order of it, its invoice and a parcel.
    """
    owner = make_caller(tenant_id, "owner")
    client = owner.client()
    customer = _posted(client, "customers", {"code": "C-1", "name": "Customer"})
    product = _posted(client, "products", {"sku": "P-1", "name": "Tea pot", "unit_price": "2.5", "currency": "GBP"})
    _posted(client, f"products/{product['id']}/stock-adjustments", {"quantity": 10_000, "reason": "Opening stock"})
    line = {"product_id": product["id"], "quantity": 1}
    order = _posted(client, "orders", {"customer_id": customer["id"], "currency": "GBP", "lines": [line]})
    parcel = {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 1}], "send": False}
    shipment = _posted(client, f"orders/{order['id']}/shipments", parcel)
    clerk = {"email": "clerk@example.test", "name": "Clerk", "roles": ["clerk"]}
    user = _posted(client, "users", clerk)
    invoice = {"id": _invoice_of(owner, UUID(order["id"]))}
    named = {
        "customer": customer,
        "product": product,
        "order": order,
        "invoice": invoice,
        "shipment": shipment,
        "user": user,
    }
    named |= _access(client, user)
    ids = {f"{name}_id": str(found["id"]) for name, found in named.items()}
    return Shop(owner, {**ids, "member_id": ids["user_id"], "role_code": "lead", **make_programs(owner)})


def _invoice_of(owner: Caller, order_id: UUID) -> UUID:
    with tenant(owner.tenant_id):
        return invoicing.invoice_order(order_id=order_id, actor=Actor(kind="system"), now=timezone.now()).id


def _access(client: Client, user: dict[str, Any]) -> dict[str, dict[str, Any]]:
    _posted(client, "roles", {"code": "lead", "label": "Lead", "permissions": ["users.view"]})
    group = _posted(client, "groups", {"name": "Night shift"})
    given = {"holder_kind": "group", "holder_id": group["id"], "role": "lead"}
    assignment = _posted(client, "role-assignments", given)
    answer = client.post(f"/api/v1/groups/{group['id']}/members", {"user_ids": [user["id"]]})
    assert answer.status_code == 200, answer.content
    provider = {"name": "Ours", "issuer": "https://sso.example", "email_domains": ["acme.example"]}
    identity_provider = _posted(client, "identity-providers", provider)
    [email_domain] = client.get("/api/v1/email-domains").json()["data"]
    rule = _posted(client, "separation-of-duty-rules", {"name": "Apart", "roles": ["lead", "viewer"]})
    entered = {"identity_provider": identity_provider, "email_domain": email_domain}
    return {"group": group, "assignment": assignment, "rule": rule, **entered}


def make_programs(owner: Caller) -> dict[str, str]:
    """A service account with a key, an application that the owner lets act for them, jobs of theirs in both databases;
    the ids, as in `Shop`.
    """
    client = owner.client()
    account = _posted(client, "service-accounts", {"name": "Import", "roles": ["clerk"]})
    key = _posted(client, f"service-accounts/{account['id']}/keys", {"name": "server 1"})
    shop = {"kind": "web", "name": "Shop", "redirect_uris": ["https://shop.example/callback"]}
    application = _posted(client, "applications", shop)
    with tenant(owner.tenant_id):
        consent = applications.give_consent(
            application_id=UUID(application["id"]),
            application_name="Shop",
            scopes=["openid"],
            actor=Actor(kind="user", id=owner.user_id),
            now=timezone.now(),
        )
    return {
        "service_account_id": account["id"],
        "key_id": key["id"],
        "application_id": application["id"],
        "consent_id": str(consent.id),
        "job_id": str(_jobs_of(owner)["business"].id),
    }


def _jobs_of(owner: Caller) -> dict[str, Job]:
    """By database a job that waits, and that no worker hears of: the file that it is to import is not there."""
    names = ("upload", "checksum", "file_name", "currency", "time_zone", "encoding")
    actor, now = Actor(kind="user", id=owner.user_id, name="Owner"), timezone.now()
    with tenant(owner.tenant_id):
        return {
            alias: enqueue(import_invoices, dict.fromkeys(names, "none"), actor=actor, now=now, using=alias)
            for alias in settings.PRIMARY_ALIASES
        }


def _posted(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"/api/v1/{path}", body)
    assert answer.status_code == 201, answer.content
    data: dict[str, Any] = answer.json()["data"]
    return data
