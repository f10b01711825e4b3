"""`python -m apps.core.events.relay_process`: the relay without Django's apps, there in half the time.

`manage.py relay` runs the same.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.core.events.relay import Relay
from apps.core.observability import get_logger
from apps.core.observability.port import offer_port

_JOIN_S = 10.0

logger = get_logger(__name__)


class _Runner(Protocol):
    def run(self) -> None: ...


def run(aliases: list[str]) -> bool:
    """Relay the named databases (none named: all whose relay URL is given) until SIGTERM or SIGINT.

    Call it from the main thread. False when a part of it ended by an error. Raises ImproperlyConfigured.
    """
    chosen = aliases or list(settings.DATABASE_RELAY_URLS)
    if not chosen or set(chosen) - set(settings.DATABASE_RELAY_URLS):
        raise ImproperlyConfigured(
            "the relay needs DATABASE_RELAY_URL and BUSINESS_DATABASE_RELAY_URL (or one of them)"
        )
    halt, died = threading.Event(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: halt.set())
    offer_port()
    threads = [_started(runner, halt, died) for alias in chosen for runner in _runners(alias, halt)]
    while not halt.wait(1.0):
        pass  # a bare wait() would not let signals in on every platform
    for thread in threads:
        thread.join(_JOIN_S)
    return not died.is_set()


def _runners(alias: str, halt: threading.Event) -> list[_Runner]:
    runners: list[_Runner] = [Relay(alias, halt)]
    if settings.EVENTS_TRANSPORT == "kafka":
        from apps.core.events.kafka_publisher import Publication  # loads librdkafka

        runners.append(Publication(alias, halt))
    return runners


def _started(runner: _Runner, halt: threading.Event, died: threading.Event) -> threading.Thread:
    def keep() -> None:
        try:
            runner.run()
        except BaseException:
            logger.exception("relay.died")
            died.set()
            halt.set()

    thread = threading.Thread(target=keep, daemon=True)
    thread.start()
    return thread


def main() -> None:
    from django.utils.log import configure_logging

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
    try:
        sys.exit(0 if run(sys.argv[1:]) else os.EX_SOFTWARE)
    except ImproperlyConfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
