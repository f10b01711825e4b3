"""System checks of the settings of files."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register("files")
def settings_are_sound(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """A limit of nothing refuses every file; a link that lives for no time opens none."""
    names = ("FILES_MAX_BYTES", "FILES_MAX_PIXELS", "FILES_LINK_S")
    return [checks.Error(f"{name} must be above 0.", id="files.E001") for name in names if getattr(settings, name) <= 0]
