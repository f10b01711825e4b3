"""Whom payments call."""

from apps.core.remote.outbound import FAILURES
from apps.core.resilience import Policy, declare

# What moves money is asked again by `commands.sending` under the same key, for hours; here only what is looked up.
PAYMENT_PROVIDER = declare(
    "payment-provider",
    "the payment provider",
    Policy(timeout="PAYMENT_TIMEOUT_S", slow_s=10.0, most_at_once=64, most_per_tenant=16, failures=FAILURES),
)
