from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from apps.core.history import SYSTEM
from apps.iam.audit.events import SecurityEventRecorded
from apps.iam.users import commands as users
from apps.iam.users import queries as people

PASSWORD = "seven quiet lighthouses"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture
def ada(company: Any) -> Any:
    """A member with a password, whose address was never confirmed."""
    membership, _ = users.add_member(
        email="ada@mail.example",
        name="Ada Lovelace",
        roles=["clerk"],
        password=PASSWORD,
        actor=SYSTEM,
        now=timezone.now(),
    )
    return people.user(membership.user_id)


@pytest.fixture
def recorded(published: Any) -> Any:
    """The security events of this test as (kind, subject, tenant)."""
    return lambda: [
        (envelope.event().kind, envelope.event().subject_id, envelope.metadata.tenant_id)
        for envelope in published.envelopes()
        if isinstance(envelope.event(), SecurityEventRecorded)
    ]
