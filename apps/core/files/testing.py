"""Images and a folder for files, as tests need them. A pytest plugin (named in conftest.py)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from PIL import Image


def image(form: str = "PNG", *, width: int = 4, height: int = 3) -> bytes:
    """A small picture in red."""
    content = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(content, form)
    return content.getvalue()


@pytest.fixture
def file_folder(tmp_path: Path) -> Iterator[Path]:
    """Where the bytes lie in a test."""
    given: Any = settings.STORAGES["files"]
    there = {**given, "OPTIONS": {**given["OPTIONS"], "location": str(tmp_path / "files")}}
    with override_settings(STORAGES={**settings.STORAGES, "files": there}):
        yield tmp_path / "files"
