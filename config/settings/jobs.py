"""Background jobs, kept in the database of their service."""

from config.env import env

# A run of which nothing was heard for so long is dead, and its job is given to another.
JOBS_LEASE_S = env.float("JOBS_LEASE_S", default=60.0)
# How often a run tells its progress, and hears that it is to stop.
JOBS_PULSE_S = env.float("JOBS_PULSE_S", default=1.0)
# How often what is due is looked for: scheduled jobs, retries, dead runs.
JOBS_SWEEP_INTERVAL_S = env.float("JOBS_SWEEP_INTERVAL_S", default=5.0)
# A job that no worker has begun so long after it was told of it is handed over again: the broker may have lost it.
JOBS_HANDOVER_S = env.float("JOBS_HANDOVER_S", default=300.0)
JOBS_KEPT_DAYS = env.int("JOBS_KEPT_DAYS", default=30)
# What was remembered of them, by whom they were asked for and stopped, for the audit. Not less than 31.
JOBS_HISTORY_KEPT_DAYS = max(31, env.int("JOBS_HISTORY_KEPT_DAYS", default=365))
