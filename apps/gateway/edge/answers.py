"""What the edge answers by itself."""

from __future__ import annotations


def answer(method: bytes, target: bytes, headers: list[tuple[bytes, bytes]]) -> bytes | None:
    """The bytes of a whole HTTP/1.1 response, status line to body, or None: the application answers.

    Asked only for GET and HEAD on a connection that stays open and has no earlier answer under way. Runs on the event
    loop for every such request: it never waits, and costs microseconds. `headers` have lower-case names, in order,
    duplicates included. An answer must depend on nothing that the key of its entry leaves out: tenant, permissions,
    representation.
    """
    return None
