"""Whom the end of a session is told to."""

from apps.core.remote.outbound import FAILURES
from apps.core.resilience import Policy, declare

# A notice that is not heard is told again later, with its own waits (`tell_clients.wait_s`).
SIGN_OUT_LISTENERS = declare(
    "sign-out-listeners",
    "the applications that hear of the end of a session",
    Policy(timeout="OUTBOUND_TIMEOUT_S", slow_s=2.5, attempts=1, most_per_tenant=16, failures=FAILURES),
)
