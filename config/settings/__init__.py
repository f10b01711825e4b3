"""Django's settings (DJANGO_SETTINGS_MODULE=config.settings): `base` composes one file per subsystem."""

import gc

# Until everything is there (ProcessConfig): what is imported stays, and to look for garbage in it again and again is an
# eighth of a start.
gc.disable()

from config.settings.base import *  # noqa: E402, F403
