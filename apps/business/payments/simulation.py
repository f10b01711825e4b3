"""The simulator's webhook calls, carried to where a real provider's would arrive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from apps.business.payments import commands
from apps.business.payments.providers import registry, signing
from apps.core.tenancy import tenant


def hand_over_notices(*, clock: Callable[[], datetime]) -> int:
    """Make those that are due, signed as over the network; returns how many."""

    def hand(account: str, body: bytes) -> None:
        now = clock()
        signed = {signing.HEADER: signing.signature(registry.simulator_secret(), body, at=now)}
        with tenant(UUID(account)):
            commands.receive_notice(provider=registry.SIMULATOR, body=body, headers=signed, now=now)

    return registry.simulator().hand_over(hand)
