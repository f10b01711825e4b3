"""Tells every process at once that a session has ended, for what stays open longer than a request: streams, caches.

A hint, told by Redis: who misses it is refused at the next look at the token, where the database is asked.
"""

from __future__ import annotations

from django_redis import get_redis_connection


def channel_of(session_id: str) -> str:
    """The Redis channel on which the end of a session is told."""
    return f"news:session:{session_id}"


def tell_end(session_id: str) -> None:
    """Safe to repeat. Raises RedisError."""
    get_redis_connection("sessions").publish(channel_of(session_id), b"ended")
