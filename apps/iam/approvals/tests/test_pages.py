"""The console's inbox of approvals."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages

from apps.iam.approvals.models import ApprovalRequest
from apps.iam.roles import queries as roles

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(member):
    return member("owner", name="Sue Park")


@pytest.fixture
def waiting(browser_of, owner, second, member):
    """The owner ticks the owner's role on a clerk's page."""
    clerk = member("clerk", name="Zoë Blum")
    response = browser_of(owner).post(f"/people/{clerk.user_id}/roles", {"role": ["owner"]})
    (message,) = get_messages(response.wsgi_request)
    assert "takes a second person" in str(message)
    return ApprovalRequest.objects.get()


class TestInbox:
    def test_shows_the_second_person_what_waits(self, browser_of, waiting, second, owner):
        page = browser_of(second).get("/approvals/").content.decode()

        assert "Waiting for you" in page
        assert f"/approvals/{waiting.id}/" in page
        assert "Waiting for you" not in browser_of(owner).get("/approvals/").content.decode()

    def test_counts_it_in_the_navigation(self, browser_of, waiting, second, owner):
        assert ">1<" in browser_of(second).get("/approvals/waiting").content.decode()
        assert ">1<" not in browser_of(owner).get("/approvals/waiting").content.decode()
        assert "/approvals/waiting" in browser_of(second).get("/people/").content.decode()

    def test_says_that_there_is_nothing(self, browser_of, owner):
        assert "Nothing was asked for yet" in browser_of(owner).get("/approvals/").content.decode()
        assert "No request fits" in browser_of(owner).get("/approvals/?status=failed").content.decode()


class TestDecision:
    def test_is_offered_to_the_second_person_only(self, browser_of, waiting, second, owner):
        path = f"/approvals/{waiting.id}/"

        assert "Your decision" in browser_of(second).get(path).content.decode()
        mine = browser_of(owner).get(path).content.decode()
        assert "Your decision" not in mine
        assert "Withdraw" in mine

    def test_approves(self, browser_of, waiting, second):
        response = browser_of(second).post(f"/approvals/{waiting.id}/approval", {"reason": "welcome"})

        assert response["Location"] == f"/approvals/{waiting.id}/"
        assert [str(m) for m in get_messages(response.wsgi_request)] == ["Approved, and done."]
        assert roles.is_owner(waiting.subject_id)

    def test_refuses(self, browser_of, waiting, second):
        response = browser_of(second).post(f"/approvals/{waiting.id}/refusal")

        assert [str(m) for m in get_messages(response.wsgi_request)] == ["Refused: nothing was changed."]

    def test_says_why_it_cannot_be_made(self, browser_of, waiting, owner):
        response = browser_of(owner).post(f"/approvals/{waiting.id}/approval")

        assert "a second person has to" in str(next(iter(get_messages(response.wsgi_request))))

    def test_is_withdrawn_by_whoever_asked(self, browser_of, waiting, owner):
        browser_of(owner).post(f"/approvals/{waiting.id}/withdrawal")

        waiting.refresh_from_db()
        assert waiting.status == "withdrawn"
