"""What every part calls."""

from psycopg import OperationalError
from redis.exceptions import ConnectionError, TimeoutError

from apps.core.resilience.policy import Policy
from apps.core.resilience.registry import declare

# A command is so quick, and what is told at the end of a request so needed, that the time left makes no difference.
REDIS = declare(
    "redis",
    "Redis",
    Policy(
        timeout="REDIS_TIMEOUT_S",
        slow_s=1.0,
        attempts=1,
        most_at_once=1_000,
        most_per_tenant=1_000,
        open_s=0.25,
        longest_open_s=2.0,
        hurries=False,
        failures=(ConnectionError, TimeoutError),
    ),
)
# New connections only: they last for many requests, and statements have time limits of their own. A server that is
# silent would hold each thread for the time that connecting may take; one that is slow at it is waited for.
POSTGRESQL = declare(
    "postgresql",
    "connections to PostgreSQL, primaries and replicas",
    Policy(
        timeout="DATABASE_CONNECT_TIMEOUT_S",
        slow_s=60.0,
        attempts=1,
        most_at_once=1_000,
        most_per_tenant=1_000,
        open_s=0.25,
        longest_open_s=2.0,
        hurries=False,
        failures=(OperationalError,),
    ),
)
