"""Whether this process is about to stop. Set once by SIGTERM; readiness, streams and connections look here."""

from __future__ import annotations

import asyncio


class Drain:
    """`begin()` may be called from a signal handler or any thread; `wait()` belongs to an event loop."""

    def __init__(self) -> None:
        self.begun = False
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def begin(self) -> None:
        """From now on the process is not ready, and everything that waits here is woken. Safe to repeat."""
        self.begun = True
        for loop, event in list(self._waiting):
            loop.call_soon_threadsafe(event.set)

    async def wait(self) -> None:
        """Return when the process begins to drain."""
        entry = (asyncio.get_running_loop(), asyncio.Event())
        self._waiting.add(entry)
        try:
            # Looked at only after the entry is there: a signal in between would otherwise be missed.
            if not self.begun:
                await entry[1].wait()
        finally:
            self._waiting.discard(entry)


drain = Drain()  # of this process: it is the process that stops
