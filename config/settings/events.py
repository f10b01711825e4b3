"""The event log's way to its readers, and what happens to those that fail."""

from config.env import BASE_DIR, env
from config.services import ALL

EVENTS_TRANSPORT = env.str("EVENTS_TRANSPORT", default="postgres")  # or "kafka"
# The name under which the relay keeps how far it has published; another one publishes the whole log anew.
KAFKA_PUBLICATION = env.str("KAFKA_PUBLICATION", default="relay.kafka")
KAFKA_BOOTSTRAP_SERVERS = env.list("KAFKA_BOOTSTRAP_SERVERS", default=["127.0.0.1:9092"])
# Make the topics that events declare, when the relay starts; where they are there, say what differs.
KAFKA_MANAGE_TOPICS = env.bool("KAFKA_MANAGE_TOPICS", default=True)
KAFKA_TOPIC_PARTITIONS = env.int("KAFKA_TOPIC_PARTITIONS", default=12)
KAFKA_TOPIC_REPLICATION = env.int("KAFKA_TOPIC_REPLICATION", default=-1)  # as the brokers do by default
KAFKA_TOPIC_RETENTION_MS = env.int("KAFKA_TOPIC_RETENTION_MS", default=604_800_000)
# Which database's log holds a topic, and the effects of a group: both are named `<service>.…`.
EVENTS_LOG_OF_SERVICE = {service.name: service.database for service in ALL.values() if service.database}
# "all" groups of this process's services, "none", or their names.
EVENTS_CONSUME = env.list("EVENTS_CONSUME", default=["all"])

EVENTS_BATCH_SIZE = env.int("EVENTS_BATCH_SIZE", default=500)
# Readers are woken by NOTIFY; this is the floor for a lost one.
EVENTS_POLL_INTERVAL_S = env.float("EVENTS_POLL_INTERVAL_S", default=1.0)
# The relay looks for new events this often when none came of late, and 10 times as often when some did.
EVENTS_RELAY_IDLE_S = env.float("EVENTS_RELAY_IDLE_S", default=0.05)

# Events of one tenant that were read together share a transaction: at most so many (1: each has its own), and no new
# one begins in it after so long, since what the handlers have locked stays locked to its end.
EVENTS_TOGETHER = env.int("EVENTS_TOGETHER", default=100)
EVENTS_TOGETHER_S = env.float("EVENTS_TOGETHER_S", default=0.1)
EVENTS_MAX_ATTEMPTS = env.int("EVENTS_MAX_ATTEMPTS", default=5)
EVENTS_RETRY_BASE_S = env.float("EVENTS_RETRY_BASE_S", default=0.5)
EVENTS_RETRY_CAP_S = env.float("EVENTS_RETRY_CAP_S", default=30.0)
# A command that had to read more than so many events of one aggregate leaves a snapshot for the next one.
EVENTS_SNAPSHOT_EVERY = env.int("EVENTS_SNAPSHOT_EVERY", default=100)
# A group of which more than half of its last so many events became dead letters stops: the fault is not in the events.
EVENTS_FLOOD_WINDOW = env.int("EVENTS_FLOOD_WINDOW", default=50)
# Streams of events that a web process serves: for one caller, and in all.
EVENTS_STREAMS_PER_CALLER = env.int("EVENTS_STREAMS_PER_CALLER", default=8)
EVENTS_STREAMS = env.int("EVENTS_STREAMS", default=200)
# How many keys are retried, or dead letters discarded, before a bulk repair says how far it has come.
EVENTS_REPAIR_BATCH = env.int("EVENTS_REPAIR_BATCH", default=50)
# How long it is remembered that an event had its effect: longer than any transport may redeliver it.
EVENTS_INBOX_DAYS = env.int("EVENTS_INBOX_DAYS", default=30)
EVENTS_PARTITIONS_AHEAD = env.int("EVENTS_PARTITIONS_AHEAD", default=3)
# A Kafka consumer that says nothing for this long has lost its partitions to the others of its group.
KAFKA_SESSION_TIMEOUT_MS = env.int("KAFKA_SESSION_TIMEOUT_MS", default=10_000)
# Months that stay in the database beside the current one when the log is archived every day; 0: it is not.
EVENTS_ARCHIVE_KEEP_MONTHS = env.int("EVENTS_ARCHIVE_KEEP_MONTHS", default=0)
# What the repository keeps of every event that was ever published.
EVENTS_DOCS_DIR = BASE_DIR / "docs" / "events"
# The name of this worker, its own and the same after a restart (a pod's of a StatefulSet, say): then one that is back
# within the session timeout takes up its partitions, and nobody else's move. Empty: a new member each time.
KAFKA_INSTANCE_ID = env.str("KAFKA_INSTANCE_ID", default="")
