"""Each record reads as a sentence."""

from __future__ import annotations

import pytest

from apps.core.db.ids import uuid7
from apps.iam.audit.kinds import Kind, groups
from apps.iam.audit.models import SecurityRecord
from apps.iam.audit.sentences import sentence

ADA, BOB, BEA = uuid7(), uuid7(), uuid7()
NAMES = {ADA: "Ada King", BOB: "Bob Day"}


def record(kind, **fields):
    usual = {"outcome": "success", "actor_kind": "user", "actor_id": ADA, "actor_name": "Ada King", "subject_id": BOB}
    return SecurityRecord(tenant_id=uuid7(), kind=kind, details=fields.pop("details", {}), **{**usual, **fields})


class TestSentence:
    @pytest.mark.parametrize("kind", Kind)
    def test_there_is_one_for_every_kind(self, kind):
        text = sentence(record(kind), NAMES)

        assert str(kind) not in text
        assert not {"{", "}"} & set(text)

    @pytest.mark.parametrize(
        ("fields", "text"),
        [
            ({"kind": Kind.ROLES_ASSIGNED}, "Ada King changed the roles of Bob Day"),
            (
                {"kind": Kind.ROLES_ASSIGNED, "outcome": "denied"},
                "Ada King changed the roles of Bob Day, which was denied",
            ),
            ({"kind": Kind.PASSWORD_CHANGED, "subject_id": ADA}, "Ada King changed their own password"),
            ({"kind": Kind.SIGN_IN_FAILED, "outcome": "failure"}, "Somebody tried to sign in as Bob Day"),
            ({"kind": Kind.SESSION_REVOKED, "subject_id": uuid7()}, "Ada King ended a session of somebody"),
            ({"kind": Kind.MEMBER_CHANGED, "details": {"change": "invited"}}, "Ada King invited Bob Day"),
            (
                {
                    "kind": Kind.MEMBER_CHANGED,
                    "subject_id": uuid7(),
                    "details": {"change": "invited", "email": "x@y.z"},
                },
                "Ada King invited x@y.z",
            ),
            (
                {"kind": Kind.ROLES_ASSIGNED, "impersonator_id": uuid7(), "impersonator_name": "Sam"},
                "Sam as Ada King changed the roles of Bob Day",
            ),
            ({"kind": Kind.SESSION_REVOKED, "actor_kind": "system"}, "The platform ended a session of Bob Day"),
            ({"kind": "gossip.{0}"}, "Ada King: gossip.{0}"),
        ],
    )
    def test_says_who_and_whom(self, fields, text):
        assert sentence(record(**fields), NAMES) == text


def test_groups_hold_every_kind_once():
    assert sorted(kind for kinds in groups().values() for kind in kinds) == sorted(Kind)
