"""Whom webhooks call."""

from apps.core.remote.outbound import FAILURES
from apps.core.resilience import Policy, declare

# No breaker: a webhook that fails rests by itself, in the database and so in all workers (`settling`), is tried again
# for days, and has its own limits of what is under way.
WEBHOOK_RECEIVERS = declare(
    "webhook-receivers",
    "the receivers of webhooks",
    Policy(timeout="WEBHOOK_TIMEOUT_S", slow_s=10.0, attempts=1, breaks=False, failures=FAILURES),
)
