"""Runs librdkafka's mock cluster until it is told to stop: `python -m apps.core.embedded.mock_kafka ADDRESS_FILE`.

For trying the `kafka` transport without a broker. It forgets everything when it ends, and old messages before that
(about 5 MB are kept per partition).
"""

import signal
import sys
from pathlib import Path

from confluent_kafka import Producer

_BROKERS = 3
_TIMEOUT_S = 10


def main(addresses: Path) -> None:
    """Start the brokers, write their addresses to the file (comma-separated), wait for SIGTERM or SIGINT."""
    stopping = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stopping)
    cluster = Producer({"bootstrap.servers": "mock:1", "test.mock.num.brokers": _BROKERS})
    brokers = cluster.list_topics(timeout=_TIMEOUT_S).brokers.values()
    draft = addresses.with_name(f"{addresses.name}.new")
    draft.write_text(",".join(f"{broker.host}:{broker.port}" for broker in brokers))
    draft.replace(addresses)
    signal.sigwait(stopping)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
