"""Every write to payments. What is wanted of the provider is written down (`wanting`), asked outside of any transaction
(`working`), and what it tells is written down again (`settling`), whether it answers or calls.
"""

from apps.business.payments.commands.configuring import choose_provider
from apps.business.payments.commands.noticing import receive_notice
from apps.business.payments.commands.payouts import record_payout
from apps.business.payments.commands.recording import GivenBack, Taken, record_given_back, record_taken
from apps.business.payments.commands.sending import look_now, page_for
from apps.business.payments.commands.wanting import ask_again, authorise, capture, refund, void
from apps.business.payments.commands.working import work_on

__all__ = [
    "GivenBack",
    "Taken",
    "ask_again",
    "authorise",
    "capture",
    "choose_provider",
    "look_now",
    "page_for",
    "receive_notice",
    "record_given_back",
    "record_payout",
    "record_taken",
    "refund",
    "void",
    "work_on",
]
