"""Background jobs. Redis redelivers what is not acknowledged in time, so every task may run twice."""

from config.settings.cache import REDIS_URL
from config.settings.iam import AUDIT_ANCHOR_INTERVAL_S

CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "global_keyprefix": "celery:",
}
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"*.bulk.*": {"queue": "bulk"}}
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "audit.anchor_chains": {"task": "audit.anchor_chains", "schedule": float(AUDIT_ANCHOR_INTERVAL_S)},
    "audit.maintain_partitions": {"task": "audit.maintain_partitions", "schedule": 3600.0},
    "audit.verify_chains": {"task": "audit.verify_chains", "schedule": 86400.0},
    "gateway.deliver_security_events": {"task": "gateway.deliver_security_events", "schedule": 10.0},
    "access.end_expired": {"task": "access.end_expired", "schedule": 60.0},
    "projections.sweep": {"task": "projections.sweep", "schedule": 60.0},
    "events.maintain_log": {"task": "events.maintain_log", "schedule": 3600.0},
    "idempotency.forget_old_keys": {"task": "idempotency.forget_old_keys", "schedule": 3600.0},
    "mail.forget_old_messages": {"task": "mail.forget_old_messages", "schedule": 3600.0},
    "mail.sweep": {"task": "mail.sweep", "schedule": 60.0},
    "sessions.deliver_due_notices": {"task": "sessions.deliver_due_notices", "schedule": 10.0},
    "sessions.end_expired": {"task": "sessions.end_expired", "schedule": 60.0},
    "sessions.forget_old": {"task": "sessions.forget_old", "schedule": 24 * 3600.0},
    "oidc.forget_expired": {"task": "oidc.forget_expired", "schedule": 3600.0},
    "oidc.rotate_signing_keys": {"task": "oidc.rotate_signing_keys", "schedule": 3600.0},
    "exports.sweep": {"task": "exports.sweep", "schedule": 60.0},
    "tenants.keep_house": {"task": "tenants.keep_house", "schedule": 24 * 3600.0},
    "tenants.sweep": {"task": "tenants.sweep", "schedule": 60.0},
    "approvals.sweep": {"task": "approvals.sweep", "schedule": 300.0},
}
