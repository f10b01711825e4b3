"""What errors of Django, its REST framework, PostgreSQL and Redis mean to a caller."""

from __future__ import annotations

from typing import Any

import psycopg
from django.core import exceptions as django_errors
from django.db import DatabaseError, DataError, InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django_redis.exceptions import ConnectionInterrupted
from psycopg_pool import PoolTimeout, TooManyRequests
from redis.exceptions import RedisError
from rest_framework import exceptions as rest_errors

from apps.core.api.documents import Problem
from apps.core.api.validation import flat_errors
from apps.core.errors import Conflict, DomainError, Invalid, Unavailable

_AWAY_RETRY_S = 2


class DatabaseBusy(Unavailable):
    """The database could not do it in time: try again in a moment."""

    code = "database_busy"


class DatabaseAway(Unavailable):
    """The database cannot be reached: try again in a moment."""

    code = "database_away"


class StoreAway(Unavailable):
    """The session and limit store cannot be reached: try again in a moment."""

    code = "store_away"


class AlreadyExists(Conflict):
    """Something with the same unique value exists already, or came into being at the same moment."""

    code = "already_exists"


class ReferenceBroken(Conflict):
    """Something else refers to it, or it refers to something that is gone."""

    code = "reference_broken"


class OutOfRange(Invalid):
    """A value is larger, longer or stranger than can be stored."""

    code = "out_of_range"


# PostgreSQL, appendix A: by SQLSTATE, then by its class (the first two characters).
_BY_STATE: dict[str, type[DomainError]] = {
    "57014": DatabaseBusy,  # query_canceled: statement_timeout
    "55P03": DatabaseBusy,  # lock_not_available: lock_timeout
    "40001": DatabaseBusy,  # serialization_failure
    "40P01": DatabaseBusy,  # deadlock_detected
    "23505": AlreadyExists,
    "23503": ReferenceBroken,
    "25006": DatabaseAway,  # read_only_sql_transaction: the primary is being replaced
    "08": DatabaseAway,
    "53": DatabaseAway,
    "57": DatabaseAway,
    "22": OutOfRange,
}


def database_failure(error: BaseException) -> DomainError | None:
    """The domain error that a failure of PostgreSQL or Redis stands for; None when it is a defect of ours."""
    if isinstance(error, RedisError | ConnectionInterrupted):
        return StoreAway(retry_after_s=_AWAY_RETRY_S)
    if not isinstance(error, DatabaseError | InterfaceError):
        return None
    kind = _kind(error, error.__cause__)
    if kind is None:
        return None
    return kind(retry_after_s=_AWAY_RETRY_S) if issubclass(kind, Unavailable) else kind()


def _kind(error: BaseException, cause: BaseException | None) -> type[DomainError] | None:
    if isinstance(cause, PoolTimeout | TooManyRequests):
        return DatabaseBusy
    state = getattr(cause, "sqlstate", None)
    if state:
        return _BY_STATE.get(state) or _BY_STATE.get(state[:2])
    if isinstance(error, DataError):
        return OutOfRange
    lost = isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
    return DatabaseAway if lost or isinstance(error, OperationalError | InterfaceError) else None


def library_failure(error: BaseException) -> Problem | None:
    """The problem that Django or its REST framework raised on purpose; None for anything else."""
    if isinstance(error, rest_errors.ValidationError):
        return Problem(422, "invalid", "The input is not valid.", extra={"errors": flat_errors(error.detail)})
    if isinstance(error, rest_errors.APIException):
        return _rest_problem(error)
    if isinstance(error, django_errors.ValidationError):
        errors = error.message_dict if hasattr(error, "error_dict") else {}
        return Problem(422, "invalid", "; ".join(error.messages), extra={"errors": errors} if errors else {})
    return next((problem for kinds, problem in _DJANGO if isinstance(error, kinds)), None)


_DJANGO: tuple[tuple[Any, Problem], ...] = (
    (Http404, Problem(404, "not_found", "There is nothing at this address.")),
    (django_errors.PermissionDenied, Problem(403, "forbidden", "You may not do this.")),
    (django_errors.RequestDataTooBig, Problem(413, "body_too_large", "The body of the request is too large.")),
    (
        (django_errors.SuspiciousOperation, django_errors.BadRequest, UnreadablePostError, MultiPartParserError),
        Problem(400, "bad_request", "The request could not be understood."),
    ),
)
_REST_CODES = {"error": "bad_request", "parse_error": "malformed"}


def _rest_problem(error: rest_errors.APIException) -> Problem:
    headers: dict[str, str] = {}
    if isinstance(error, rest_errors.Throttled):
        headers["Retry-After"] = str(int(getattr(error, "wait", None) or 1))
    if isinstance(error, rest_errors.NotAuthenticated | rest_errors.AuthenticationFailed):
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    code = _REST_CODES.get(error.default_code, error.default_code)
    return Problem(error.status_code, code, str(error.detail), headers=headers)
