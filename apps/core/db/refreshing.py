"""Connections of threads that live longer than a request."""

from __future__ import annotations

from django.db import connections


def refresh_connections() -> None:
    """As Django does between requests: drop what is broken or too old. Not in the middle of a transaction."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
