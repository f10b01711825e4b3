"""What is tried after a commit harms neither the commit nor what else waits for it."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import transaction

from apps.core.db.after_commit import try_after_commit

pytestmark = pytest.mark.django_db(transaction=True)


def fails(told: list[str], word: str, *, mark: str) -> None:
    told.append(word + mark)
    raise ConnectionError("Redis is away")


class TestTryAfterCommit:
    def test_is_called_with_what_it_was_given_and_its_failure_is_logged_by_name(self, caplog):
        told: list[str] = []

        with transaction.atomic(using="default"):
            try_after_commit(fails, told, "said", mark="!", using="default")
            transaction.on_commit(partial(told.append, "afterwards"), using="default")
            assert told == []

        assert told == ["said!", "afterwards"]
        assert "Error calling fails in on_commit()" in caplog.text
        assert "Redis is away" in caplog.text

    def test_is_called_at_once_where_nothing_is_open(self, caplog):
        told: list[str] = []

        try_after_commit(fails, told, "said", mark="!", using="default")

        assert told == ["said!"]
        assert "Redis is away" in caplog.text
