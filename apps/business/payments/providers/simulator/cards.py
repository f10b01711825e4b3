"""How the simulator behaves, by the token of the payment method. Those that begin with `pm_card` are Stripe's own."""

from __future__ import annotations

from dataclasses import dataclass

GOOD = "pm_card_visa"
DECLINED = "pm_card_visa_chargeDeclined"
NO_FUNDS = "pm_card_visa_chargeDeclinedInsufficientFunds"
TIMEOUT = "pm_simulated_timeout"
SILENT = "pm_simulated_silence"
TWICE = "pm_simulated_twice"
LATE = "pm_simulated_late"
REFUND_FAILS = "pm_simulated_refund_fails"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """`loses`: how many answers to each question get lost, although it was done. `is_late`: it is decided after a
    while, and only a webhook call says so. `notices`: how often each webhook call is made.
    """

    label: str
    decline_code: str = ""
    loses: int = 0
    is_late: bool = False
    notices: int = 1
    refund_fails: bool = False


CARDS = {
    GOOD: Card(label="approves"),
    DECLINED: Card(label="declines", decline_code="generic_decline"),
    NO_FUNDS: Card(label="declines: insufficient funds", decline_code="insufficient_funds"),
    TIMEOUT: Card(label="approves, but the first answer gets lost", loses=1),
    SILENT: Card(label="approves, but no answer ever arrives: only webhook calls do", loses=10**6),
    TWICE: Card(label="approves, and tells everything twice", notices=2),
    LATE: Card(label="approves after a while", is_late=True),
    REFUND_FAILS: Card(label="approves, and refunds come back", refund_fails=True),
}
