"""Runs migrations on one of several databases without the work for tables that are none of its own."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db import router
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.state import ModelState, ProjectState, StateApps
from django.utils.functional import SimpleLazyObject

_OF_THE_TABLE_ONLY = {"indexes", "constraints", "triggers"}


class LazyState(ProjectState):
    """Django makes a model, and those around it, anew for whatever is done to it. Here only when that shows in the
    model: an index, a constraint or a trigger is the table's.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._shapes: dict[tuple[str, str], object] = {}

    @cached_property
    def apps(self) -> StateApps:
        self._shapes = {key: _shape(model) for key, model in self.models.items()}
        return self._all_models()

    def _all_models(self) -> StateApps:
        return StateApps(self.real_apps, self.models)  # type: ignore[arg-type]

    def reload_model(self, app_label: str, model_name: str, delay: bool = False) -> None:
        key, shape = (app_label, model_name), _shape(self.models[app_label, model_name])
        if "apps" in self.__dict__ and self._shapes.get(key) != shape:
            super().reload_model(app_label, model_name, delay)
            self._shapes[key] = shape

    def clear_delayed_apps_cache(self) -> None:
        """A step in Python gets models that are made when it asks for one: most speak SQL only."""
        if self.is_delayed and "apps" in self.__dict__:
            self.__dict__["apps"] = SimpleLazyObject(self._all_models)

    def clone(self) -> LazyState:
        copied = LazyState({key: model.clone() for key, model in self.models.items()}, self.real_apps)
        if "apps" in self.__dict__:
            copied.apps = self.apps.clone()
        copied.is_delayed, copied._shapes = self.is_delayed, dict(self._shapes)
        return copied


def _shape(model: ModelState) -> object:
    """Differs when the model must be made anew. Fields are never changed, but replaced."""
    fields = tuple((name, id(field)) for name, field in model.fields.items())
    options = repr(sorted((name, value) for name, value in model.options.items() if name not in _OF_THE_TABLE_ONLY))
    return fields, options, model.bases, tuple(name for name, _ in model.managers)


class OwnTablesExecutor(MigrationExecutor):
    """Django runs each migration on each database, where operations ask the router whether to do anything; before each
    it brings all models to the form that they had then, which takes most of the time. Here a migration of an app that
    the router keeps out is only written down as applied.
    """

    def _create_project_state(self, with_applied_migrations: bool = False) -> ProjectState:
        state = LazyState(real_apps=self.loader.unmigrated_apps)
        if with_applied_migrations:
            for migration, _ in self.migration_plan(self.loader.graph.leaf_nodes(), clean_start=True):
                if (migration.app_label, migration.name) in self.loader.applied_migrations:
                    migration.mutate_state(state, preserve=False)
        return state

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
