"""Reservations whose time ran out are given up.

What has run out in any tenant is one question to the database, asked as the relay, which sees no more of a reservation
than that. Each is then decided upon in its own tenant, under its lock.
"""

from __future__ import annotations

from datetime import datetime

from apps.business.inventory import commands
from apps.business.inventory.models import Reservation
from apps.core.db.router import alias_for
from apps.core.events.database import connect
from apps.core.tenancy import tenant

_AT_ONCE = 1000
_RUN_OUT = """
select tenant_id, id from inventory_reservation
where status = 'open' and expires_at <= %s order by expires_at limit %s
"""


def expire_reservations(*, now: datetime) -> int:
    """Give up what has run out, of every tenant; returns how many. Safe to run twice, or twice at once."""
    with connect(alias_for(Reservation), "inventory") as connection:
        found = connection.execute(_RUN_OUT, [now, _AT_ONCE]).fetchall()
    expired = 0
    for tenant_id, reservation_id in found:
        with tenant(tenant_id):
            expired += commands.expire(reservation_id=reservation_id, now=now)
    return expired
