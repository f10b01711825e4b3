"""`python -m bench.events.publisher`: for each name that it reads, publishes the log from its beginning under it, as
the relay's process does, which holds nothing else. Prints how many events there were and the seconds of processor time.
"""

from __future__ import annotations

import os
import sys
import threading
import time


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings

    from apps.core.events.database import connect
    from apps.core.events.kafka_publisher import Publication

    with connect("business", "bench") as connection:
        for line in sys.stdin:
            settings.KAFKA_PUBLICATION = line.strip()
            begun = time.process_time()
            done = Publication("business", threading.Event()).read_available(connection)
            print(done, time.process_time() - begun, flush=True)


if __name__ == "__main__":
    main()
