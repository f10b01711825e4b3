"""Exports lie in a folder of the test's own, and a job is run where the test says so."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.core.files.storage import storages
from django.test import override_settings

from apps.iam.exports import commands, queries


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, settings):
    given = settings.STORAGES
    options = {**given["exports"]["OPTIONS"], "location": str(tmp_path / "exports")}
    with override_settings(STORAGES={**given, "exports": {**given["exports"], "OPTIONS": options}}):
        storages._storages.clear()
        yield
    storages._storages.clear()


class Archive:
    """A finished export, opened."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.zip = zipfile.ZipFile(io.BytesIO(content))
        self.manifest: dict[str, Any] = json.loads(self.zip.read("manifest.json"))

    def rows(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.zip.read(f"{name}.jsonl").splitlines()]

    def everything(self) -> str:
        return "".join(self.zip.read(name).decode() for name in self.zip.namelist())


@pytest.fixture
def made():
    """`made(export)`: what the job makes of it."""
    from django.utils import timezone

    def make(found) -> Archive:
        done = commands.make_export(export_id=found.id, now=timezone.now())
        assert done.state == "ready", done.failure
        with queries.file_of(done) as file:
            return Archive(file.read())

    return make
