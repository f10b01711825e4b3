"""How a caller becomes a principal."""

from config.env import env

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["apps.iam.users.backends.EmailBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "apps.iam.credentials.validators.NotAboutPersonValidator"},
    {"NAME": "apps.iam.credentials.validators.NotBreachedValidator"},
]
# Have I Been Pwned's range API, or one like it; and a sorted file of SHA-1 hashes, or of their first digits.
BREACHED_PASSWORDS_URL = env.str("BREACHED_PASSWORDS_URL", default="")
BREACHED_PASSWORDS_TIMEOUT_S = env.float("BREACHED_PASSWORDS_TIMEOUT_S", default=2.0)
BREACHED_PASSWORDS_FILE = env.str("BREACHED_PASSWORDS_FILE", default="")
PASSWORD_RESETS_PER_ADDRESS = env.str("PASSWORD_RESETS_PER_ADDRESS", default="20/1h")
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"

# Dotted paths, so that the core needs no service: claims -> Principal, API key -> Principal, and the keys that tokens
# are signed with.
PRINCIPAL_RESOLVER = "apps.iam.facade.iam.principal"
API_KEY_RESOLVER = "apps.iam.facade.iam.principal_of_key"
ACCESS_TOKEN_KEYS = "apps.iam.facade.iam.signing_keys"  # noqa: S105 (a dotted path)
ACCESS_TOKEN_AUDIENCE = env.str("ACCESS_TOKEN_AUDIENCE", default="platform-api")
# (person's id) -> the acr that they must be able to reach (apps/core/auth/step_up.py).
HIGHEST_ACR = "apps.iam.facade.iam.highest_acr"
TENANT_LISTER = "apps.iam.facade.iam.tenant_ids"  # () -> the ids of every tenant, for jobs that visit each in turn
# The page, by the name of its URL, that takes a second factor from somebody who is signed in; "" when there is none.
STEP_UP_PAGE = "authenticators:second-step"

# API keys, and secrets of OAuth clients.
API_KEY_DAYS = env.int("API_KEY_DAYS", default=90)
API_KEY_MAX_DAYS = env.int("API_KEY_MAX_DAYS", default=365)
API_KEYS_PER_HOLDER = env.int("API_KEYS_PER_HOLDER", default=20)
API_KEY_USE_INTERVAL_S = env.int("API_KEY_USE_INTERVAL_S", default=60)
CREDENTIAL_OVERLAP_MAX_S = env.int("CREDENTIAL_OVERLAP_MAX_S", default=604800)
# The engine of attribute policies, a class that fits `apps.core.auth.policy.Condition`; () -> the PoliciesInForce of
# the tenant that is entered; and (person's or service account's id, kind) -> the ids of their groups.
POLICY_ENGINE = "apps.core.auth.cedar.CedarPolicies"
POLICY_SOURCE = "apps.iam.facade.iam.policies_in_force"
GROUPS_SOURCE = "apps.iam.facade.iam.groups_of"
# What it takes to change a policy is beyond the reach of policies: whatever they say, they can be taken back.
POLICY_EXEMPT = ["approvals.decide", "approvals.view", "policies.manage", "policies.view"]
# Decisions that are kept of each tenant, to try changes of policies on (apps/core/auth/recent.py); 0 keeps none.
RECENT_DECISIONS = env.int("RECENT_DECISIONS", default=1000)
RECENT_DECISIONS_DAYS = env.int("RECENT_DECISIONS_DAYS", default=7)
# Kinds of objects whose attributes policies may ask for (apps/core/auth/resource_kinds.py).
RESOURCE_KINDS = [
    "apps.business.catalog.resources.PRODUCT",
    "apps.business.orders.resources.CUSTOMER",
    "apps.business.orders.resources.ORDER",
    "apps.iam.groups.resources.GROUP",
]
# (kind, *, subject_id, outcome, reason, details) -> None, where refused requests are recorded.
SECURITY_RECORDER = "apps.iam.facade.iam.record_security_event"
