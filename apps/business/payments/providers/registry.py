"""The payment providers that there are, and the one of the current tenant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from apps.business.payments.dependencies import PAYMENT_PROVIDER
from apps.business.payments.errors import PaymentsNotSetUp
from apps.business.payments.providers.elsewhere import NobodyAsked
from apps.business.payments.providers.port import Provider
from apps.business.payments.providers.simulator import SimulatedStripe
from apps.business.payments.providers.stripe import StripeProvider
from apps.business.payments.providers.transport import InProcess, OverHttp
from apps.core.crypto.sealing import derived_key
from apps.core.tenancy import require_tenant_id

SIMULATOR, STRIPE, ELSEWHERE = "simulator", "stripe", "elsewhere"


@dataclass(frozen=True, slots=True)
class Kind:
    """A provider that a tenant may choose. `make(key, webhook_secret)`; the simulator needs neither."""

    name: str
    label: str
    needs_keys: bool
    make: Callable[[str, str], Provider]


def kinds() -> dict[str, Kind]:
    """By name: what this installation offers."""
    offered = [Kind(STRIPE, "Stripe", True, _stripe)]
    if settings.PAYMENT_SIMULATOR:
        offered.append(Kind(SIMULATOR, "Simulator: takes no money", False, _simulator))
    return {kind.name: kind for kind in offered}


def default_name() -> str:
    """Who takes the payments of a tenant that has chosen nobody; "" for nobody."""
    return SIMULATOR if settings.PAYMENT_SIMULATOR else ""


def kind(name: str) -> Kind:
    """Raises PaymentsNotSetUp where this installation does not offer it."""
    nobody_chooses = {ELSEWHERE: Kind(ELSEWHERE, "Taken elsewhere", False, _elsewhere)}
    try:
        return (kinds() | nobody_chooses)[name]
    except KeyError:
        raise PaymentsNotSetUp(f"this installation has no payment provider {name!r}") from None


def simulator() -> SimulatedStripe:
    """The simulator that every process of this installation shares."""
    return SimulatedStripe(Path(settings.PAYMENT_SIMULATOR_FILE), late_s=settings.PAYMENT_SIMULATOR_LATE_S)


def simulator_secret() -> str:
    """What the simulator signs its webhook calls with."""
    return "whsec_" + derived_key(settings.SECRET_KEY, "payment simulator").hex()


def _elsewhere(_key: str, _webhook_secret: str) -> Provider:
    return NobodyAsked()


def _stripe(key: str, webhook_secret: str) -> Provider:
    transport = OverHttp(settings.STRIPE_API_URL, through=PAYMENT_PROVIDER)
    return StripeProvider(transport, key=key, webhook_secret=webhook_secret)


def _simulator(_key: str, _webhook_secret: str) -> Provider:
    # A tenant's account is the tenant itself.
    account = str(require_tenant_id())
    return StripeProvider(InProcess(simulator()), key=account, webhook_secret=simulator_secret())
