"""System checks of how payments are set up."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, register

# Stripe counts half an hour from when it hears the question, and forgets idempotency keys after a day.
_SHORTEST_S, _LONGEST_S = 31 * 60, 24 * 3600


@register("payments")
def check_time_to_pay(**kwargs: Any) -> list[Error]:
    """A provider refuses every page that is to be open for a shorter or longer time."""
    if _SHORTEST_S <= settings.PAYMENT_PAGE_S <= _LONGEST_S:
        return []
    hint = f"From {_SHORTEST_S} to {_LONGEST_S}: Stripe takes no less than half an hour, and no more than a day."
    return [Error(f"PAYMENT_PAGE_S is {settings.PAYMENT_PAGE_S}.", hint=hint, id="payments.E001")]
