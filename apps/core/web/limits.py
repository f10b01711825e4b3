"""How much one web process takes on, and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Each field is the setting `WEB_<FIELD>`: `threads` is WEB_THREADS, and so on."""

    threads: int = 4
    queue: int = 64  # requests that may wait for a thread; one more is answered 503
    timeout_s: float = 30.0  # a thread without progress for longer is stuck
    max_head_bytes: int = 32 * 1024  # request line and header fields together
    max_head_fields: int = 100
    head_timeout_s: float = 10.0  # from the first byte to the end of the header
    max_body_bytes: int = 10 * 1024 * 1024
    body_memory_bytes: int = 1024 * 1024  # what goes beyond waits on disk
    body_idle_timeout_s: float = 10.0  # the longest pause inside a body
    body_timeout_s: float = 300.0  # the whole body
    send_timeout_s: float = 30.0  # a client that takes no byte for longer is cut off
    drain_delay_s: float = 0.0  # keep accepting while /readyz already fails, until load balancers have noticed

    @classmethod
    def from_settings(cls, settings: Any) -> Limits:
        """What `settings` says; the defaults above for what it leaves out."""
        given: dict[str, Any] = {f.name: getattr(settings, f"WEB_{f.name.upper()}", f.default) for f in fields(cls)}
        return cls(**given)
