"""Runs migrations on one of several databases without the work for tables that are none of its own."""

from __future__ import annotations

from typing import Any

from django.db import router
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState


class OwnTablesExecutor(MigrationExecutor):
    """Django runs each migration on each database, where operations ask the router whether to do anything; before each
    it brings all models to the form that they had then, which takes most of the time. Here a migration of an app that
    the router keeps out is only written down as applied.
    """

    def _migrate_all_forwards(
        self, state: ProjectState, plan: Any, full_plan: Any, fake: bool, fake_initial: bool
    ) -> ProjectState:
        missing = {migration for migration, _ in plan}
        for migration, _ in full_plan:
            if migration not in missing:
                continue
            if self._is_kept_out(migration):
                state = self._passed_by(state, migration, fake=fake)
            else:
                _ = state.apps  # all at once: afterwards each operation only renews what it changes
                state = self.apply_migration(state, migration, fake=fake, fake_initial=fake_initial)
        return state

    def _is_kept_out(self, migration: Migration) -> bool:
        return not router.allow_migrate(self.connection.alias, migration.app_label)

    def _passed_by(self, state: ProjectState, migration: Migration, *, fake: bool) -> ProjectState:
        if self.progress_callback:
            self.progress_callback("apply_start", migration, fake)
        state.__dict__.pop("apps", None)  # or each change would be made to the models at once
        changed = migration.mutate_state(state, preserve=False)
        self.record_migration(migration)  # type: ignore[call-arg,arg-type]  # the stubs have an older signature
        if self.progress_callback:
            self.progress_callback("apply_success", migration, fake)
        return changed
