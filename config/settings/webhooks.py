"""Events that are posted to addresses of the tenants'."""

from config.env import env

# The lists of what each service announces: all of it can be had by webhook.
PUBLIC_EVENTS = ["apps.iam.facade.events", "apps.business.facade.events"]
# (permission's code) -> the people of the current tenant who hold it and can sign in, as `UserInfo`.
PEOPLE_WHO_MAY = "apps.iam.facade.iam.people_who_may"

WEBHOOKS_PER_TENANT = env.int("WEBHOOKS_PER_TENANT", default=50)
# For everything together: connecting, sending, waiting for the answer and reading its beginning.
WEBHOOK_TIMEOUT_S = env.float("WEBHOOK_TIMEOUT_S", default=15.0)
# Of an answer's body no more is read, and of that so much is kept.
WEBHOOK_RESPONSE_BYTES = env.int("WEBHOOK_RESPONSE_BYTES", default=16_384)
WEBHOOK_EXCERPT_CHARACTERS = env.int("WEBHOOK_EXCERPT_CHARACTERS", default=2_048)

# A delivery is tried again after [0, min(cap, base · 2**n)] seconds, and given up so long after it first failed.
WEBHOOK_RETRY_BASE_S = env.float("WEBHOOK_RETRY_BASE_S", default=10.0)
WEBHOOK_RETRY_CAP_S = env.float("WEBHOOK_RETRY_CAP_S", default=43_200.0)
WEBHOOK_GIVE_UP_S = env.float("WEBHOOK_GIVE_UP_S", default=259_200.0)
# After so many failures in a row a webhook rests, for this long and ever longer, up to the cap.
WEBHOOK_REST_AFTER = env.int("WEBHOOK_REST_AFTER", default=5)
WEBHOOK_REST_BASE_S = env.float("WEBHOOK_REST_BASE_S", default=30.0)
WEBHOOK_REST_CAP_S = env.float("WEBHOOK_REST_CAP_S", default=900.0)
# A webhook that only failed for so long is disabled.
WEBHOOK_DISABLE_AFTER_S = env.float("WEBHOOK_DISABLE_AFTER_S", default=432_000.0)

# Deliveries under way at a time, so that one slow receiver, or one tenant with many, leaves the workers to others.
WEBHOOK_ENDPOINT_CONCURRENCY = env.int("WEBHOOK_ENDPOINT_CONCURRENCY", default=4)
WEBHOOK_TENANT_CONCURRENCY = env.int("WEBHOOK_TENANT_CONCURRENCY", default=16)
# A worker sends to one webhook for so long, then lets the others have their turn.
WEBHOOK_TURN_S = env.float("WEBHOOK_TURN_S", default=5.0)
# Whoever took a delivery and says nothing for so long has died: it is sent again.
WEBHOOK_LEASE_S = env.float("WEBHOOK_LEASE_S", default=120.0)

# How long a replaced secret stays good unless something else is asked for, and at most.
WEBHOOK_SECRET_OVERLAP_S = env.int("WEBHOOK_SECRET_OVERLAP_S", default=86_400)
WEBHOOK_SECRET_OVERLAP_MAX_S = env.int("WEBHOOK_SECRET_OVERLAP_MAX_S", default=604_800)
# How long it can be looked up what was sent.
WEBHOOK_KEPT_DAYS = env.int("WEBHOOK_KEPT_DAYS", default=30)
