"""The web process: limits that keep it answering."""

from config.env import env
from config.services import services_here

WEB_THREADS = env.int("WEB_THREADS", default=8)
WEB_QUEUE = env.int("WEB_QUEUE", default=128)
WEB_TIMEOUT_S = env.float("WEB_TIMEOUT_S", default=30.0)
WEB_MAX_BODY_BYTES = env.int("WEB_MAX_BODY_BYTES", default=10 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = WEB_MAX_BODY_BYTES
WEB_DRAIN_DELAY_S = env.float("WEB_DRAIN_DELAY_S", default=0.0)  # 5 behind a load balancer that polls readiness
READINESS_TIMEOUT_S = env.float("READINESS_TIMEOUT_S", default=2.0)
EDGE = env.str("EDGE", default="apps.gateway.edge.answer")
STREAM_ROUTES = {
    "/events/stream": "apps.business.orders.stream.order_events",
    **{
        f"/api/v1/services/{service.name}/events/stream": "apps.core.operations.event_stream.event_stream"
        for service in services_here()
        if service.database
    },
}
READINESS_CHECKS: list[str] = []
# Run in each web process before it serves; a failure stops the boot.
WEB_ON_START = [
    "apps.core.tenancy.selftest.assert_every_database_isolated",
    "apps.core.resilience.sharing.start",
    "apps.iam.oidc.starting.know_gateway",
    "apps.iam.oidc.starting.have_signing_keys",
]
