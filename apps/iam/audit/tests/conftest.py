from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from apps.core.db.ids import uuid7
from apps.core.tenancy import tenant
from apps.iam.audit import commands
from apps.iam.audit.facts import Facts
from apps.iam.audit.kinds import Kind


@pytest.fixture
def happened(company: Any) -> Callable[..., Any]:
    """`happened(Kind.SIGNED_IN)`: a record in the company's chain (or in that of `chain`)."""
    from django.utils import timezone

    def append(kind: Kind = Kind.SIGNED_IN, *, chain: Any = None, **facts: Any) -> Any:
        usual = {
            "event_id": uuid7(),
            "at": timezone.now(),
            "outcome": "success",
            "actor_kind": "user",
            "actor_id": uuid7(),
            "actor_name": "Ada King",
            "impersonator_id": None,
            "impersonator_name": "",
            "subject_id": uuid7(),
            "address": "192.0.2.1",
            "user_agent": "curl/8",
            "session_id": "",
            "reason": "",
            "details": {"method": "passkey", "ünï": "çødé ☕"},
            "trace_id": "a" * 32,
        }
        with tenant(chain or company.id):
            return commands.append_record(Facts(**{**usual, "kind": kind, **facts}), now=timezone.now())

    return append


@pytest.fixture
def superuser(transactional_db: None) -> Iterator[psycopg.Connection[Any]]:
    """Whoever may write everything in the database, past policies and triggers, but does not know SECRET_KEY."""
    from django.db import connections

    name = connections["default"].settings_dict["NAME"]
    dsn = psycopg.conninfo.make_conninfo(os.environ["TEST_SUPERUSER_URL"], dbname=name)
    with psycopg.connect(dsn, autocommit=True, connect_timeout=5) as connection:
        connection.execute("set session_replication_role = replica")  # no trigger fires
        yield connection
