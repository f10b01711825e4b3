"""`python -m bench.events.appender TENANT PER_SECOND COUNT`: appends at a fixed rate, in a process of its own as a web
process is one, and prints when it began with each, as JSON, by the clock that all processes share.
"""

from __future__ import annotations

import json
import os
import sys
import time
from uuid import UUID


def main(owner: UUID, per_second: float, count: int) -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from apps.business.orders.models import DailyRevenue
    from apps.core.events import unit_of_work
    from apps.core.tenancy import tenant
    from bench.events.sample import placed

    begun: list[float] = []
    with tenant(owner):
        first = time.monotonic()
        for number in range(count):
            time.sleep(max(0.0, first + number / per_second - time.monotonic()))
            begun.append(time.monotonic())
            with unit_of_work(DailyRevenue) as work:
                work.publish(placed())
    sys.stdout.write(json.dumps(begun))


if __name__ == "__main__":
    main(UUID(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
