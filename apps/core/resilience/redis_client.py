"""A Redis client that fails fast while Redis does not answer: for all that goes through Django's caches, sessions too.

Without it each command of each request would wait for REDIS_TIMEOUT_S by itself. Pipelines and subscriptions are as
they were. It costs some microseconds of a command's hundred.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redis import Redis
from redis.exceptions import ConnectionError

from apps.core.resilience.dependencies import REDIS
from apps.core.resilience.errors import NotCalled


class FailingFastRedis(Redis):
    """settings.CACHES name it. What it refuses looks to callers as a connection that could not be made."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        command: Callable[..., Any] = super().execute_command
        try:
            return REDIS.call(lambda _: command(*args, **options), address=self._address())
        except NotCalled as error:
            raise ConnectionError(str(error)) from error

    def _address(self) -> str:
        known = self.connection_pool.connection_kwargs
        return f"{known.get('host', known.get('path', ''))}:{known.get('port', '')}"
