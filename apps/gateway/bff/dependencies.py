"""Whom the gateway calls."""

from apps.core.remote.outbound import FAILURES
from apps.core.resilience import Policy, declare

# Somebody waits for a page, so another try comes soon; tokens are asked for by POST, and only once.
IDENTITY_PROVIDER = declare(
    "identity-provider",
    "the provider of our own sign-in",
    Policy(timeout="OIDC_TIMEOUT", slow_s=2.5, wait_s=0.1, most_at_once=32, open_s=0.5, failures=FAILURES),
)
