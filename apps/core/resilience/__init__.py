"""How we call what may fail: time limit, retries, circuit breaker and bulkhead, declared once for each dependency.

    MAIL = declare("mail", "the mail server", Policy(timeout="EMAIL_TIMEOUT_S", slow_s=5.0))
    MAIL.call(lambda timeout_s: hand_over(message, timeout_s), address=host)

docs/guides/resilience.md says how a dependency is added and what operators see.
"""

from apps.core.resilience.deadlines import deadline
from apps.core.resilience.dependency import Dependency
from apps.core.resilience.errors import BulkheadFull, CircuitOpen, DeadlinePassed, NotCalled
from apps.core.resilience.policy import Policy
from apps.core.resilience.registry import declare

__all__ = [
    "BulkheadFull",
    "CircuitOpen",
    "DeadlinePassed",
    "Dependency",
    "NotCalled",
    "Policy",
    "deadline",
    "declare",
]
