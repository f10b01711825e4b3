"""Whom mail is handed to."""

from apps.core.resilience import Policy, declare

# A message that was not taken is tried again by `delivery`, from the database.
MAIL_SERVER = declare(
    "mail-server", "the mail server", Policy(timeout="EMAIL_TIMEOUT_S", slow_s=5.0, attempts=1, most_at_once=32)
)
