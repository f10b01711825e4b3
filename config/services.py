"""What one process holds: SERVICES decides its apps, URLs, and databases. Pure data; imports no Django."""

from __future__ import annotations

from dataclasses import dataclass

from config.env import env


@dataclass(frozen=True, slots=True)
class Service:
    """One deployable part of the platform: its Django apps, in order, and the modules that hold its URLs."""

    name: str
    apps: tuple[str, ...]
    urls: tuple[str, ...]
    database: str | None


IAM = Service(
    name="iam",
    apps=(
        "apps.iam.tenants",
        "apps.iam.users",
        "apps.iam.roles",
        "apps.iam.groups",
        "apps.iam.access",
        "apps.iam.policies",
        "apps.iam.oidc",
        "apps.iam.credentials",
        "apps.iam.sessions",
        "apps.iam.service_accounts",
        "apps.iam.applications",
        "apps.iam.audit",
        "apps.iam.authenticators",
        "apps.iam.approvals",
        "apps.iam.scim",
        "apps.iam.identity_providers",
        "apps.iam.exports",
    ),
    urls=("apps.iam.urls",),
    database="default",
)
BUSINESS = Service(
    name="business",
    apps=(
        "apps.business.catalog",
        "apps.business.inventory",
        "apps.business.payments",
        "apps.business.orders",
        "apps.business.invoicing",
        "apps.business.shipping",
        "apps.business.reconciliation",
        "apps.business.carts",
    ),
    urls=("apps.business.urls",),
    database="business",
)
GATEWAY = Service(
    name="gateway",
    apps=("apps.gateway.bff", "apps.gateway.edge", "apps.gateway.ratelimit"),
    urls=("apps.gateway.urls",),
    database=None,
)
ALL = {service.name: service for service in (IAM, BUSINESS, GATEWAY)}


def services_here() -> list[Service]:
    """The services of this process, from SERVICES (default: all). Raises ValueError on a name that does not exist."""
    names = env.list("SERVICES", default=list(ALL))
    unknown = sorted(set(names) - set(ALL))
    if unknown:
        raise ValueError(f"SERVICES names {', '.join(unknown)}; there are {', '.join(ALL)}")
    return [ALL[name] for name in names]
