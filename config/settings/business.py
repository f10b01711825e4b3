"""What business is limited by."""

from config.env import env

# Of an invoice file that is uploaded, unpacked: it is read as a whole. What a request may send is WEB_MAX_BODY_BYTES.
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", default=64 * 1024 * 1024)
