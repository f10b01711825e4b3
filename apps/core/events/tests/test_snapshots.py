"""A snapshot is a shorter way to what the events say, never another answer."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.crypto.keys import destroy_keys
from apps.core.crypto.tokens import ERASED, is_token
from apps.core.db.ids import uuid7
from apps.core.events import UnitOfWork, snapshots
from apps.core.events.folding import Fold, Known, as_of, code_of
from apps.core.events.log import stream
from apps.core.events.models import Snapshot
from apps.core.events.snapshots import state_of, state_to_change
from apps.core.events.tests import notebook
from apps.core.events.tests.notebook import NOTEBOOK, Notebook, NotebookWritten, followed
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db(databases=["default", "business"]), pytest.mark.usefixtures("in_tenant")]
ADA = UUID(int=1815)


def write(notebook_id: UUID, *numbers: int, writer: UUID = ADA) -> None:
    for number in numbers:
        UnitOfWork("business").publish(
            NotebookWritten(notebook_id=notebook_id, writer_id=writer, number=number, line=f"line {number}")
        )


def changed(notebook_id: UUID) -> Known[Notebook] | None:
    return state_to_change(NOTEBOOK, notebook_id, using="business")


def seen(notebook_id: UUID, at: Any = None) -> Known[Notebook] | None:
    return state_of(NOTEBOOK, notebook_id, using="business", at=at)


def kept(notebook_id: UUID) -> list[int]:
    rows = Snapshot.objects.using("business").filter(aggregate_id=notebook_id).order_by("sequence")
    return list(rows.values_list("sequence", flat=True))


@pytest.fixture
def long(settings: Any) -> UUID:
    """A notebook of nine lines with snapshots after the third and the sixth; what was followed is forgotten."""
    settings.EVENTS_SNAPSHOT_EVERY = 2
    notebook_id = uuid7()
    for numbers in ((1, 2, 3), (4, 5, 6)):
        write(notebook_id, *numbers)
        changed(notebook_id)
    write(notebook_id, 7, 8, 9)
    followed.clear()
    return notebook_id


class TestAState:
    @settings(
        max_examples=15, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(numbers=st.lists(st.integers(0, 9), max_size=9), every=st.integers(1, 4), looks=st.sets(st.integers(0, 9)))
    def test_is_the_fold_of_all_events_at_every_moment_wherever_snapshots_were_made(
        self, numbers: list[int], every: int, looks: set[int], settings: Any
    ) -> None:
        settings.EVENTS_SNAPSHOT_EVERY, notebook_id = every, uuid7()
        for place, number in enumerate(numbers):
            if place in looks:
                assert changed(notebook_id) == as_of(stream(notebook_id, using="business"), NOTEBOOK)
            write(notebook_id, number)
        whole = stream(notebook_id, using="business")
        instants = [one.timestamp + step for one in whole for step in (timedelta(), timedelta(microseconds=-1))]

        for at in (None, *instants):
            assert seen(notebook_id, at) == as_of(whole, NOTEBOOK, at)

    def test_is_read_from_the_newest_snapshot_on(self, long: UUID) -> None:
        known = seen(long)

        assert kept(long) == [3, 6]
        assert known and known.state.numbers == tuple(range(1, 10))
        assert followed == [7, 8, 9]

    def test_of_a_moment_is_read_from_the_newest_snapshot_before_it(self, long: UUID) -> None:
        fifth = stream(long, using="business")[4].timestamp

        known = seen(long, fifth)

        assert known and (known.sequence, known.since) == (5, fifth)
        assert followed == [4, 5]

    def test_costs_one_statement(self, long: UUID, django_assert_num_queries: Any) -> None:
        seen(long)  # the key of what is personal is known from here on
        with django_assert_num_queries(1, using="business"):
            seen(long)

    def test_of_a_short_stream_has_no_snapshot(self, settings: Any) -> None:
        settings.EVENTS_SNAPSHOT_EVERY, notebook_id = 3, uuid7()
        write(notebook_id, 1, 2, 3)

        changed(notebook_id)

        assert kept(notebook_id) == []

    def test_is_not_written_down_by_a_reader(self, long: UUID) -> None:
        seen(long)

        assert kept(long) == [3, 6]

    def test_of_another_tenant_is_not_there_also_where_ids_are_the_same(
        self, long: UUID, other_tenant_id: UUID
    ) -> None:
        with tenant(other_tenant_id):
            assert (seen(long), changed(long)) == (None, None)
            write(long, 100)
            known = changed(long)

        assert known and known.state.numbers == (100,)


class TestASnapshotOfOtherCode:
    def test_is_passed_by(self, long: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(snapshots, "code_of", lambda fold: "of the next release")

        known = changed(long)

        assert known and known.sequence == 9
        assert followed == list(range(1, 10))
        assert kept(long) == [3, 6, 9]

    def test_leaves_when_nobody_can_need_it_any_more(self, long: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(snapshots, "code_of", lambda fold: "of the next release")
        row = Snapshot.objects.using("business").filter(aggregate_id=long, sequence=3).get()
        old = {"code": "of last year", "made_at": timezone.now() - timedelta(days=2)}
        values = {name: getattr(row, name) for name in ("tenant_id", "aggregate_id", "recorded_at", "state")}
        Snapshot.objects.using("business").create(id=uuid7(), sequence=4, **values, **old)

        changed(long)

        assert kept(long) == [3, 6, 9]

    @pytest.fixture
    def module(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
        """`module("…")`: a module with this source and a `follow` in it."""
        monkeypatch.syspath_prepend(str(tmp_path))

        def imported(source: str) -> Any:
            (tmp_path / "fold_in_a_test.py").write_text(f"{source}\ndef follow(state, event): return state\n")
            importlib.invalidate_caches()
            monkeypatch.delitem(sys.modules, "fold_in_a_test", raising=False)
            return importlib.import_module("fold_in_a_test")

        return imported

    def test_is_told_by_the_source_of_the_fold(self, module: Callable[[str], Any]) -> None:
        def code(source: str) -> str:
            return code_of(Fold("Notebook", Notebook, module(source).follow))

        assert code("RATE = 1") != code("RATE = 2")

    def test_is_told_by_the_events_too(self) -> None:
        of_notebooks, of_nothing = NOTEBOOK, Fold("Nothing", Notebook, notebook.follow)
        of_things = Fold("Thing", Notebook, notebook.follow)

        assert code_of(of_notebooks) == code_of(Fold("Notebook", Notebook, notebook.follow))
        assert code_of(of_things) != code_of(of_nothing)


class TestWhatIsPersonal:
    def rows(self, notebook_id: UUID) -> list[Any]:
        rows = Snapshot.objects.using("business").filter(aggregate_id=notebook_id).order_by("sequence")
        return list(rows.values_list("state", flat=True))

    def test_is_encrypted(self, long: UUID) -> None:
        for state in self.rows(long):
            assert is_token(state["last_line"])
            assert state["numbers"]

    def test_does_not_outlive_the_key_of_the_person(self, long: UUID, settings: Any) -> None:
        settings.EVENTS_SNAPSHOT_EVERY, other = 2, uuid7()
        charles = uuid7()
        write(other, 1, 2, 3, writer=charles)
        before = changed(other)
        at = stream(other, using="business")[-1].timestamp

        destroy_keys(charles, databases=("default", "business"))

        assert before and before.state.last_line == "line 3"
        assert [known.state.last_line for known in (seen(other), seen(other, at)) if known] == [ERASED, ERASED]
        assert seen(other) == as_of(stream(other, using="business"), NOTEBOOK)

    def test_opens_in_its_own_snapshot_alone_and_the_events_are_read_instead(self, long: UUID) -> None:
        with connections["business"].cursor() as cursor:
            cursor.execute(
                "insert into events_snapshot (id, tenant_id, aggregate_id, code, sequence, recorded_at, state, made_at)"
                " select gen_random_uuid(), tenant_id, aggregate_id, code, 7, recorded_at, state, made_at "
                "from events_snapshot where aggregate_id = %s and sequence = 6",
                [long],
            )

        known = seen(long)

        assert known and known.state.numbers == tuple(range(1, 10))
        assert followed == list(range(1, 10))
