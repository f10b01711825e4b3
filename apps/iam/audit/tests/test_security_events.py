"""What is told to the security log."""

from __future__ import annotations

import pytest

from apps.core.db.ids import uuid7
from apps.core.events import log
from apps.core.history import Actor, Origin, acting, coming_from
from apps.core.tenancy import PLATFORM, no_tenant, tenant
from apps.iam.audit.kinds import Kind, Outcome
from apps.iam.facade import iam

pytestmark = pytest.mark.django_db


class TestRecordSecurityEvent:
    def test_says_who_did_it_from_where(self, company):
        subject, ada = uuid7(), Actor(kind="user", id=uuid7(), name="Ada King")

        with acting(ada), coming_from(Origin("192.0.2.1", "curl/8", "the-session")):
            iam.record_security_event(Kind.SIGNED_IN, subject_id=subject, details={"method": "passkey"})

        (envelope,) = log.stream(subject, using="default")
        assert envelope.metadata.tenant_id == company.id
        happened = envelope.event()
        assert (happened.kind, happened.outcome) == ("sign_in.succeeded", "success")
        assert (happened.actor_kind, happened.actor_id, happened.actor_name) == ("user", ada.id, "Ada King")
        assert (happened.address, happened.user_agent, happened.session_id) == ("192.0.2.1", "curl/8", "the-session")
        assert happened.details == {"method": "passkey"}

    def test_belongs_to_the_platform_where_no_tenant_is_entered(self, company):
        subject = uuid7()

        with no_tenant():
            iam.record_security_event(Kind.SIGN_IN_FAILED, subject_id=subject, outcome=Outcome.FAILURE)

        assert log.stream(subject, using="default") == []
        with tenant(PLATFORM):
            assert len(log.stream(subject, using="default")) == 1

    def test_knows_no_kind_that_is_not_listed(self, company):
        with pytest.raises(ValueError, match="gossip"):
            iam.record_security_event("gossip", subject_id=uuid7())
