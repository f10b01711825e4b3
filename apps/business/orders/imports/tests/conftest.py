"""Uploads lie in a folder of the test's own."""

from __future__ import annotations

import pytest
from django.core.files.storage import storages
from django.test import override_settings


@pytest.fixture
def uploaded_to(tmp_path, settings):
    """The folder with a folder for each tenant."""
    folder, given = tmp_path / "imports", settings.STORAGES
    options = {**given["imports"]["OPTIONS"], "location": str(folder)}
    with override_settings(STORAGES={**given, "imports": {**given["imports"], "OPTIONS": options}}):
        storages._storages.clear()
        yield folder
    storages._storages.clear()
