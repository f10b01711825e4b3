import pytest
from django.conf import settings
from django.test import override_settings


@pytest.fixture
def file_folder(tmp_path):
    """Where the bytes lie in a test."""
    given = settings.STORAGES["files"]
    there = {**given, "OPTIONS": {**given["OPTIONS"], "location": str(tmp_path / "files")}}
    with override_settings(STORAGES={**settings.STORAGES, "files": there}):
        yield tmp_path / "files"
