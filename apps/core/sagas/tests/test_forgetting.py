"""Sagas that are over are not kept for ever; those that are not, are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import ProgrammingError, transaction
from django.utils import timezone

from apps.core.sagas import forgetting, queries, tasks
from apps.core.sagas.models import Entry, Instance
from apps.core.sagas.tests import things
from apps.core.sagas.tests.things import HERE
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db


def journey(closed_days_ago=None):
    """A saga, with a journal; over for so many days, or open."""
    row = queries.instance_of("business.travel", things.book_journey())
    if closed_days_ago is not None:
        at = timezone.now() - timedelta(days=closed_days_ago)
        Instance.objects.using(HERE).filter(id=row.id).update(closed_at=at, state=Instance.State.COMPLETED)
    return row.id


def kept():
    return set(Instance.objects.using(HERE).values_list("id", flat=True))


def ago(days):
    return timezone.now() - timedelta(days=days)


class TestForgetting:
    def test_takes_what_was_closed_long_ago_with_its_journal(self, in_tenant, other_tenant_id):
        old, young, still_open = journey(40), journey(35), journey()
        with tenant(other_tenant_id):
            theirs = journey(40)

        assert forgetting.forget_closed(HERE, before=ago(38)) == 1
        assert forgetting.forget_closed(HERE, before=ago(38)) == 0

        assert kept() == {young, still_open}
        journals = set(Entry.objects.using(HERE).values_list("instance_id", flat=True))
        assert old not in journals
        assert young in journals
        with tenant(other_tenant_id):
            assert kept() == {theirs}

    def test_is_refused_for_what_was_closed_of_late(self, in_tenant):
        journey(20)

        with pytest.raises(ProgrammingError, match="30 days"), transaction.atomic(using=HERE):
            forgetting.forget_closed(HERE, before=ago(10))
        assert len(kept()) == 1

    def test_is_a_task_that_keeps_them_as_long_as_the_settings_say(self, in_tenant, settings, monkeypatch):
        settings.SAGAS_KEPT_DAYS = 100
        young, old = journey(99), journey(101)
        monkeypatch.setattr(tasks, "import_string", lambda _: lambda: [in_tenant])

        tasks.forget_closed()

        assert kept() == {young}
        assert old not in kept()
