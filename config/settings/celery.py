"""Background jobs. Redis redelivers what is not acknowledged in time, so every task may run twice."""

from kombu.entity import Queue

from config.settings.cache import REDIS_URL
from config.settings.iam import AUDIT_ANCHOR_INTERVAL_S
from config.settings.jobs import JOBS_SWEEP_INTERVAL_S

CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Connections outlive a task, as they outlive a request: most tasks are sweeps that take less than to connect.
CELERY_DB_REUSE_MAX = 1_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "global_keyprefix": "celery:",
}
CELERY_TASK_DEFAULT_QUEUE = "default"
# Somebody waits for it, it takes long, the clock asks for it: a worker without `-Q` serves all three.
CELERY_TASK_QUEUES = [Queue(name, routing_key=name) for name in ("default", "bulk", "scheduled")]  # type: ignore[no-untyped-call]
CELERY_TASK_ROUTES = {"*.bulk.*": {"queue": "bulk"}}


def _every(seconds: float) -> dict[str, object]:
    """What the clock asks for waits behind no job, and is left out when the next one comes before it was begun."""
    return {"schedule": float(seconds), "options": {"queue": "scheduled", "expires": float(seconds)}}


_HOUR, _DAY = 3600.0, 24 * 3600.0
CELERY_BEAT_SCHEDULE = {
    task: {"task": task, **_every(seconds)}
    for task, seconds in {
        "audit.anchor_chains": AUDIT_ANCHOR_INTERVAL_S,
        "audit.maintain_partitions": _HOUR,
        "audit.verify_chains": _DAY,
        "gateway.deliver_security_events": 10.0,
        "gateway.end_idle_sessions": 30.0,
        "access.end_expired": 60.0,
        "catalog.drop_old_imports": _DAY,
        "catalog.drop_removed_media": _DAY,
        "inventory.announce_earlier_movements": _HOUR,
        "inventory.expire_reservations": 30.0,
        "orders.drop_uploads": _HOUR,
        "orders.erase_customers_again": _HOUR,
        "carts.forget_untouched": _DAY,
        "payments.sweep": 5.0,
        "files.sweep": _DAY,
        "projections.sweep": 60.0,
        "events.maintain_log": _HOUR,
        "idempotency.forget_old_keys": _HOUR,
        "jobs.forget_old_jobs": _HOUR,
        "jobs.sweep": JOBS_SWEEP_INTERVAL_S,
        "mail.forget_old_messages": _HOUR,
        "operations.tell_forced": 30.0,
        "mail.sweep": 60.0,
        "sagas.forget_closed": _DAY,
        "sagas.sweep": 10.0,
        "sessions.deliver_due_notices": 10.0,
        "sessions.end_expired": 60.0,
        "sessions.forget_old": _DAY,
        "oidc.forget_expired": _HOUR,
        "oidc.rotate_signing_keys": _HOUR,
        "exports.sweep": 60.0,
        "tenants.keep_house": _DAY,
        "tenants.sweep": 60.0,
        "approvals.sweep": 300.0,
        "users.erase_again": _HOUR,
        "webhooks.forget_old": _HOUR,
        "webhooks.sweep": 5.0,
    }.items()
}
