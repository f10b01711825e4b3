from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connections
from django.db.utils import DataError, IntegrityError

from apps.core.api.failures import database_failure, library_failure
from apps.core.api.problems import problem_of
from apps.core.auth.tokens import InvalidToken

pytestmark = pytest.mark.django_db


def wrapper(alias: str, **changes: Any) -> Any:
    """Another connection to the test database, with other settings."""
    copy = connections["default"].copy(alias)
    copy.settings_dict = {**copy.settings_dict, **changes}
    return copy


class TestDatabase:
    def test_that_nobody_serves_is_away(self) -> None:
        with pytest.raises(OperationalError) as raised:
            wrapper("nowhere", PORT=1).ensure_connection()

        problem = problem_of(raised.value)
        assert (problem.status, problem.code, problem.headers) == (503, "database_away", {"Retry-After": "2"})

    def test_whose_pool_is_used_up_is_busy(self) -> None:
        pool = {"min_size": 1, "max_size": 1, "timeout": 0.2}
        options = {**connections["default"].settings_dict["OPTIONS"], "pool": pool}
        changes = {"OPTIONS": options, "CONN_MAX_AGE": 0}
        first, second = (wrapper("pooled", **changes) for _ in range(2))
        try:
            first.ensure_connection()
            with pytest.raises(OperationalError) as raised:
                second.ensure_connection()
        finally:
            first.close()
            first.close_pool()

        problem = problem_of(raised.value)
        assert (problem.status, problem.code, problem.headers) == (503, "database_busy", {"Retry-After": "2"})

    def test_that_ends_our_session_is_away(self) -> None:
        connection = wrapper("ended", CONN_MAX_AGE=0)
        with connection.cursor() as cursor, pytest.raises(OperationalError) as raised:
            cursor.execute("select pg_terminate_backend(pg_backend_pid())")

        connection.close()
        assert problem_of(raised.value).code == "database_away"

    @pytest.mark.parametrize(
        ("statement", "status", "code"),
        [
            ("select 1/0", 422, "out_of_range"),
            ("select 'x'::uuid", 422, "out_of_range"),
            ("do $$ begin raise unique_violation; end $$", 409, "already_exists"),
            ("do $$ begin raise foreign_key_violation; end $$", 409, "reference_broken"),
            ("do $$ begin raise deadlock_detected; end $$", 503, "database_busy"),
            ("do $$ begin raise lock_not_available; end $$", 503, "database_busy"),
            ("do $$ begin raise check_violation; end $$", 500, "internal_error"),
            ("do $$ begin raise insufficient_privilege; end $$", 500, "internal_error"),
            ("selekt", 500, "internal_error"),
        ],
    )
    def test_that_refuses_a_statement(self, statement: str, status: int, code: str) -> None:
        with pytest.raises(Exception) as raised, connections["default"].cursor() as cursor:
            cursor.execute(statement)

        problem = problem_of(raised.value)
        assert (problem.status, problem.code) == (status, code)

    def test_text_that_cannot_be_stored_is_the_callers(self) -> None:
        error = DataError("PostgreSQL text fields cannot contain NUL bytes")
        error.__cause__ = psycopg.DataError()

        assert getattr(database_failure(error), "code", None) == "out_of_range"

    def test_anything_else_is_ours(self) -> None:
        assert database_failure(ValueError()) is None
        assert library_failure(ValueError()) is None
        assert database_failure(IntegrityError()) is None


def test_a_challenge_stays_one_header_line() -> None:
    problem = problem_of(InvalidToken('ends "here"\r\nX-Evil: 1 é'))

    challenge = problem.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="api", error="invalid_token", error_description="ends \'here\'')
    assert "\n" not in challenge
    assert challenge.isascii()
