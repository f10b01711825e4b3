from __future__ import annotations

from apps.core.testing import schema_cache
from apps.core.testing.schema_cache import SchemaCache


class TestSchemaCache:
    def test_has_nothing_to_restore_at_first(self, tmp_path):
        assert SchemaCache(tmp_path, ["default"]).restore() is False

    def test_looks_elsewhere_when_a_migration_changes(self, tmp_path, monkeypatch):
        migration = tmp_path / "apps" / "iam" / "users" / "migrations" / "0001_initial.py"
        migration.parent.mkdir(parents=True)
        migration.write_text("before")
        monkeypatch.setattr(schema_cache, "ROOT", tmp_path)
        before = SchemaCache(tmp_path, ["default"]).files

        migration.write_text("after")

        assert SchemaCache(tmp_path, ["default"]).files != before
