"""Payments: providers, how long they are waited for, and how often they are asked again."""

from config.env import env
from config.settings.core import ENVIRONMENT, STATE_DIR

# Where Stripe answers, or something that speaks its protocol. The operator's: a tenant never says where keys are sent.
STRIPE_API_URL = env.str("STRIPE_API_URL", default="https://api.stripe.com")
# For everything together: connecting, asking, and reading the answer.
PAYMENT_TIMEOUT_S = env.float("PAYMENT_TIMEOUT_S", default=20.0)
# Without an answer it is asked again after [0, min(cap, base · 2**n)] seconds, with the same idempotency key.
PAYMENT_RETRY_BASE_S = env.float("PAYMENT_RETRY_BASE_S", default=2.0)
PAYMENT_RETRY_CAP_S = env.float("PAYMENT_RETRY_CAP_S", default=900.0)
# Then a person must look. Less than a day: Stripe forgets idempotency keys after 24 hours.
PAYMENT_ASK_FOR_S = env.float("PAYMENT_ASK_FOR_S", default=79_200.0)
# Whoever was about to ask and says nothing for so long has died: it is asked again.
PAYMENT_LEASE_S = env.float("PAYMENT_LEASE_S", default=60.0)
# How often a payment that the provider is still working on is looked up.
PAYMENT_POLL_S = env.float("PAYMENT_POLL_S", default=60.0)
# How long a buyer has to come to the provider's page, and from then on to pay there. Stripe takes half an hour to a day
# from when it is asked; a minute more leaves time to ask it again.
PAYMENT_PAGE_S = env.float("PAYMENT_PAGE_S", default=1860.0)
# A provider that takes no money. Whoever has chosen none uses it, where there is one.
PAYMENT_SIMULATOR = env.bool("PAYMENT_SIMULATOR", default=ENVIRONMENT == "development")
PAYMENT_SIMULATOR_FILE = f"{STATE_DIR}/payment-simulator.sqlite3"
PAYMENT_SIMULATOR_LATE_S = env.float("PAYMENT_SIMULATOR_LATE_S", default=5.0)
