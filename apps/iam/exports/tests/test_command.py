"""`manage.py export_tenant`."""

from __future__ import annotations

import hashlib
import json
import stat
import zipfile

import pytest
from django.core.management import CommandError, call_command

from apps.core.tenancy import no_tenant
from apps.iam.audit.events import SecurityEventRecorded
from apps.iam.tenants.tests.factories import TenantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def export(capsys):
    def run(*arguments):
        with no_tenant():
            call_command("export_tenant", *map(str, arguments))
        return capsys.readouterr().out

    return run


class TestExportTenant:
    def test_writes_everything_and_says_how_much(self, export, company, owner, tmp_path, published):
        path = tmp_path / "company.zip"

        said = export(company.slug, "--to", path)

        manifest = json.loads(zipfile.ZipFile(path).read("manifest.json"))
        assert (manifest["tenant_id"], manifest["rows"] > 0) == (str(company.id), True)
        assert hashlib.sha256(path.read_bytes()).hexdigest() in said
        assert "users_membership" in said
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        told = [(one.kind, one.details["step"]) for one in published if isinstance(one, SecurityEventRecorded)]
        assert told == [("data.exported", "written")]

    def test_writes_over_nothing(self, export, company, tmp_path):
        path = tmp_path / "company.zip"
        path.write_text("mine")

        with pytest.raises(CommandError, match="exists already"):
            export(company.slug, "--to", path)

        assert path.read_text() == "mine"

    def test_leaves_no_half_file(self, export, company, tmp_path, monkeypatch):
        monkeypatch.setattr("apps.iam.users.queries.contacts", lambda: 1 / 0)

        with pytest.raises(ZeroDivisionError):
            export(company.slug, "--to", tmp_path / "company.zip")

        assert list(tmp_path.iterdir()) == []

    def test_says_what_is_wrong(self, export, company, tmp_path):
        with pytest.raises(CommandError, match="there is no tenant nobody"):
            export("nobody", "--to", tmp_path / "a.zip")
        with pytest.raises(CommandError, match="cannot write"):
            export(company.slug, "--to", tmp_path / "nowhere" / "a.zip")
        going = TenantFactory(status="erasing")
        with pytest.raises(CommandError, match="tenant_is_gone"):
            export(going.slug, "--to", tmp_path / "a.zip")
