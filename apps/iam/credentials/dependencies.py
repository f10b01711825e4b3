"""Whom passwords are looked up with."""

from apps.core.remote.outbound import FAILURES
from apps.core.resilience import Policy, declare

# Somebody waits for a form, and does without the answer where none comes.
BREACHED_PASSWORDS = declare(
    "breached-passwords",
    "the service that knows stolen passwords",
    Policy(timeout="BREACHED_PASSWORDS_TIMEOUT_S", slow_s=1.0, attempts=1, most_at_once=16, failures=FAILURES),
)
