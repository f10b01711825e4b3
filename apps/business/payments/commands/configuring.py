"""Which provider takes a tenant's payments, and its keys."""

from __future__ import annotations

from apps.business.payments import queries
from apps.business.payments.errors import InvalidPayment, PaymentsNotSetUp
from apps.business.payments.models import ProviderSettings
from apps.business.payments.providers import registry
from apps.business.payments.providers.port import Provider
from apps.business.units import work_of
from apps.core.crypto.sealing import seal, unseal
from apps.core.history import Actor
from apps.core.tenancy import require_tenant_id

_KEY, _WEBHOOK_SECRET = "payment provider key", "payment webhook secret"  # nosec B105 (purposes of sealing)


def choose_provider(*, provider: str, key: str = "", webhook_secret: str = "", actor: Actor) -> ProviderSettings:
    """Let a provider take the payments from now on; payments under way stay with the one that has them.

    A key or secret that is left out stays, with the same provider. Neither is ever shown again. Raises InvalidPayment.
    """
    if provider not in registry.kinds():
        raise InvalidPayment(errors={"provider": [f"there is no payment provider {provider!r}"]})
    with work_of(actor, ProviderSettings):
        row = queries.provider_settings() or ProviderSettings()
        if row.provider != provider:
            row.provider, row.sealed_key, row.sealed_webhook_secret, row.key_ending = provider, b"", b"", ""
        _keep(row, key.strip(), webhook_secret.strip())
        _require_keys(row)
        row.save()
    return row


def provider_name() -> str:
    """Who takes the payments of the current tenant. Raises PaymentsNotSetUp."""
    name = queries.chosen_provider().provider
    if not name:
        raise PaymentsNotSetUp
    return registry.kind(name).name


def provider_called(name: str) -> Provider:
    """A provider with the keys of the current tenant. One statement. Raises PaymentsNotSetUp, Unreadable."""
    kind, row = registry.kind(name), queries.provider_settings()
    if not kind.needs_keys:
        return kind.make("", "")
    if row is None or row.provider != name:
        raise PaymentsNotSetUp(f"the keys of {kind.label} were removed")
    place = str(require_tenant_id())
    return kind.make(
        unseal(bytes(row.sealed_key), purpose=_KEY, place=place).decode(),
        unseal(bytes(row.sealed_webhook_secret), purpose=_WEBHOOK_SECRET, place=place).decode(),
    )


def _keep(row: ProviderSettings, key: str, webhook_secret: str) -> None:
    place = str(require_tenant_id())
    if key:
        row.sealed_key = seal(key.encode(), purpose=_KEY, place=place)
        row.key_ending = key[-4:] if len(key) >= 12 else ""
    if webhook_secret:
        row.sealed_webhook_secret = seal(webhook_secret.encode(), purpose=_WEBHOOK_SECRET, place=place)


def _require_keys(row: ProviderSettings) -> None:
    if not registry.kind(row.provider).needs_keys:
        return
    needed = {"key": row.sealed_key, "webhook_secret": row.sealed_webhook_secret}
    missing = {name: ["is needed for this provider"] for name, sealed in needed.items() if not sealed}
    if missing:
        raise InvalidPayment(errors=missing)
