"""A payment provider for development and tests: a WSGI application that speaks Stripe's protocol, and takes no money.

It keeps what it was told in one SQLite file, so that every process of an installation meets the same provider, also
after a restart. The token of the payment method says how it behaves (`cards`). `app` answers calls, in this process or
served on a port; `notices` are the webhook calls that it owes.
"""

from apps.business.payments.providers.simulator.app import SimulatedStripe

__all__ = ["SimulatedStripe"]
