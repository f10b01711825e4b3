"""What migrations do to models on their way through the past: made anew when they differ, and only then."""

from __future__ import annotations

import pytest
from django.db import migrations, models

from apps.core.db.executor import LazyState

INDEX = models.Index(fields=["name"], name="by_name")


@pytest.fixture
def state() -> LazyState:
    """Two models, one of which refers to the other."""
    state = LazyState()
    fields = [("id", models.UUIDField(primary_key=True)), ("name", models.TextField())]
    refers = ("shelf", models.ForeignKey("past.Shelf", models.CASCADE))
    migrations.CreateModel("Shelf", fields).state_forwards("past", state)
    migrations.CreateModel("Box", [("id", models.UUIDField(primary_key=True)), refers]).state_forwards("past", state)
    return state


class TestLazyState:
    def test_keeps_a_model_that_gets_an_index(self, state):
        before = state.apps.get_model("past", "Shelf")

        migrations.AddIndex("Shelf", INDEX).state_forwards("past", state)

        assert state.apps.get_model("past", "Shelf") is before
        assert state.models["past", "shelf"].options["indexes"] == [INDEX]

    @pytest.mark.parametrize(
        "operation",
        [
            migrations.AddField("Shelf", "height", models.IntegerField()),
            migrations.AlterField("Shelf", "name", models.CharField(max_length=7)),
            migrations.RemoveField("Shelf", "name"),
            migrations.RenameField("Shelf", "name", "title"),
            migrations.AlterModelOptions("Shelf", {"ordering": ["name"]}),
        ],
        ids=lambda operation: type(operation).__name__,
    )
    def test_makes_a_model_anew_that_has_changed(self, state, operation):
        before = state.apps.get_model("past", "Shelf")

        operation.state_forwards("past", state)

        after = state.apps.get_model("past", "Shelf")
        assert after is not before
        assert state.apps.get_model("past", "Box")._meta.get_field("shelf").related_model is after

    def test_notices_a_change_after_it_was_copied(self, state):
        before = state.apps.get_model("past", "Shelf")
        copied = state.clone()

        migrations.AddField("Shelf", "height", models.IntegerField()).state_forwards("past", copied)

        assert copied.apps.get_model("past", "Shelf")._meta.get_field("height")
        assert state.apps.get_model("past", "Shelf") is before

    def test_gives_a_step_in_python_the_models_as_they_are_then(self, state):
        _ = state.apps
        migrations.AddField("Shelf", "height", models.IntegerField()).state_forwards("past", state)

        state.clear_delayed_apps_cache()

        shelf, box = (state.apps.get_model("past", name) for name in ("Shelf", "Box"))
        assert shelf._meta.get_field("height")
        assert box._meta.get_field("shelf").related_model is shelf
