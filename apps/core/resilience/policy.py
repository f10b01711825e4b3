"""What is asked of a dependency, and how much is asked of it."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The defaults are those of requirement Q3.2: three attempts, 500 ms before the second, a hundred calls at once.

    `timeout` bounds a call altogether, its attempts and the waits between them; the name of a setting stands for what
    it says at the time. `slow_s` is the longest that a good answer may take.
    """

    timeout: str | float
    slow_s: float
    attempts: int = 3
    wait_s: float = 0.5
    longest_wait_s: float = 5.0
    most_at_once: int = 100
    most_per_tenant: int = 100
    hurries: bool = True  # False: what is left of the caller's time makes no difference
    breaks: bool = True  # False where something better than a circuit breaker looks after it
    open_s: float = 1.0
    longest_open_s: float = 60.0
    failures: tuple[type[Exception], ...] = (OSError,)

    def timeout_s(self) -> float:
        return float(getattr(settings, self.timeout) if isinstance(self.timeout, str) else self.timeout)
