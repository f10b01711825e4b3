"""Files that companies entrust to the platform."""

from config.env import env

# Most that any file may have, whatever it is for. What one request may send is WEB_MAX_BODY_BYTES.
FILES_MAX_BYTES = env.int("FILES_MAX_BYTES", default=10 * 1024 * 1024)
# Most that an image may have, width times height: browsers and whoever makes thumbnails decode all of it.
FILES_MAX_PIXELS = env.int("FILES_MAX_PIXELS", default=40_000_000)
# A link to a file works for one to two times as long.
FILES_LINK_S = env.int("FILES_LINK_S", default=3600)
