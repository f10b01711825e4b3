"""Django's settings (DJANGO_SETTINGS_MODULE=config.settings): `base` composes one file per subsystem."""

from config.settings.base import *  # noqa: F403
