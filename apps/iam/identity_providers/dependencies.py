"""Whom tenants have us ask: each host has a circuit of its own, and each tenant so many calls at once."""

from apps.core.remote.outbound import FAILURES
from apps.core.resilience import Policy, declare

IDENTITY_PROVIDERS = declare(
    "identity-providers",
    "the companies' own identity providers",
    Policy(timeout="OUTBOUND_TIMEOUT_S", slow_s=2.5, wait_s=0.1, most_per_tenant=10, failures=FAILURES),
)
# Asked when a person presses a button, who may have mended it a second ago: nothing is held against a host.
DOMAIN_PROOFS = declare(
    "domain-proofs",
    "the web servers that prove whose a domain is",
    Policy(timeout="OUTBOUND_TIMEOUT_S", slow_s=2.5, attempts=1, most_per_tenant=4, breaks=False, failures=FAILURES),
)
