"""What business is limited by."""

from config.env import env

# Of an invoice file that is uploaded, unpacked: it is read as a whole. What a request may send is WEB_MAX_BODY_BYTES.
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", default=64 * 1024 * 1024)

# How long a shop's carts are kept that nobody came back to; those that became orders too.
CARTS_KEPT_DAYS = max(1, env.int("CARTS_KEPT_DAYS", default=60))
