"""What every movement of stock says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.core.history import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Why, when and by whom stock moves. `occurred_at` is the warehouse's time, `recorded_at` ours."""

    actor: Actor
    occurred_at: datetime
    recorded_at: datetime
    reason: str = ""
    order_id: UUID | None = None
