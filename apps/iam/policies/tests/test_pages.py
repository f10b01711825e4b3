"""The console's policies: listed, filled in or written, tried, saved, switched, removed and restored."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from apps.core.auth import recent
from apps.iam.policies import queries
from apps.iam.policies.tests.factories import NOBODY_CANCELS, PolicyFactory

pytestmark = pytest.mark.django_db

HERE = "/access/policies/"
FILLED = {
    "name": "Large cancellations",
    "enabled": "on",
    "permissions": ["orders.cancel"],
    "resource": "order",
    "roles": ["clerk", "manager"],
    "amount_over": "100000",
    "outside_networks": "10.0.0.0/8, 2001:db8::/32",
    "from_hour": "8",
    "to_hour": "18",
    "below_acr": "aal2",
}


@pytest.fixture
def browser(owner, browser_of):
    return browser_of(owner)


def told(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


class TestList:
    def test_shows_each_with_its_state(self, browser):
        PolicyFactory(name="Alpha", description="because")
        PolicyFactory(name="Beta", enabled=False)

        page = browser.get(HERE).content.decode()

        assert "Alpha" in page and "because" in page and "in force" in page
        assert "Beta" in page and ">off<" in page

    def test_says_which_one_no_longer_fits(self, browser):
        PolicyFactory(text='forbid (principal in Role::"gone", action, resource);')

        page = browser.get(HERE).content.decode()

        assert "there is no role gone" in page and "needs a look" in page

    def test_says_that_there_is_none(self, browser):
        assert "roles alone decide" in browser.get(HERE).content.decode()

    def test_offers_nothing_to_whoever_may_only_see(self, member, browser_of):
        policy = PolicyFactory()
        manager = browser_of(member("manager"))

        assert "New policy" not in manager.get(HERE).content.decode()
        page = manager.get(f"{HERE}{policy.id}/").content.decode()
        assert "orders.cancel" in page and "Save policy" not in page


class TestNew:
    def test_is_filled_in(self, browser):
        assert browser.get(f"{HERE}new").status_code == 200

        response = browser.post(f"{HERE}new", FILLED)

        assert (response.status_code, response["Location"]) == (302, HERE)
        (policy,) = queries.policies()
        assert policy.rule["when"] == {
            "amount_over": 100000,
            "outside_networks": ["10.0.0.0/8", "2001:db8::/32"],
            "outside_hours": {"from": 8, "to": 18},
            "below_acr": "aal2",
        }
        assert policy.enabled

    def test_is_written(self, browser):
        assert "principal.authenticated_s" in browser.get(f"{HERE}new?by=text").content.decode()

        browser.post(f"{HERE}new?by=text", {"name": "By hand", "text": NOBODY_CANCELS.replace(" (", "\r\n(")})

        (policy,) = queries.policies()
        assert (policy.name, policy.rule, policy.enabled, "\r" in policy.text) == ("By hand", None, False, False)

    def test_is_refused_with_the_place(self, browser):
        response = browser.post(f"{HERE}new?by=text", {"name": "x", "text": "forbid (principal,, action, resource);"})

        assert response.status_code == 422
        assert "line 1, column 19" in response.content.decode()

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            ({"permissions": []}, "This field is required"),
            ({"to_hour": ""}, "Give both hours, or none."),
            ({"outside_networks": "the office"}, "networks such as 10.0.0.0/8"),
            ({"resource": ""}, "needs a resource that has one"),
        ],
    )
    def test_says_what_is_wrong_with_the_form(self, browser, wrong, says):
        response = browser.post(f"{HERE}new", {**FILLED, **wrong})

        assert response.status_code == 422
        assert says in response.content.decode()

    def test_is_tried_and_not_saved(self, browser, member, client_of):
        recent.forget_seen()
        client_of(member("manager", name="Ada King")).get("/api/v1/users")
        text = 'forbid (principal in Role::"manager", action == Action::"users.view", resource);'

        page = browser.post(f"{HERE}new?by=text", {"name": "x", "text": text, "enabled": "on", "preview": "1"})

        assert "Ada King" in page.content.decode() and "Nothing is saved yet" in page.content.decode()
        assert queries.policies().count() == 0

    def test_waits_for_a_second_person(self, browser, member):
        member("owner")

        response = browser.post(f"{HERE}new", FILLED)

        assert "This takes a second person" in told(response)[0]
        assert queries.policies().count() == 0


class TestOne:
    def test_is_shown_as_the_form_it_was_filled_into_and_as_text(self, browser):
        browser.post(f"{HERE}new", FILLED)
        (policy,) = queries.policies()

        form = browser.get(f"{HERE}{policy.id}/").content.decode()
        text = browser.get(f"{HERE}{policy.id}/?by=text").content.decode()

        assert 'value="100000"' in form and "10.0.0.0/8, 2001:db8::/32" in form
        assert 'name="text"' in text and "resource.amount &gt; 100000" in text

    def test_is_saved(self, browser):
        policy = PolicyFactory()
        changed = {"name": "Renamed", "text": NOBODY_CANCELS, "enabled": "on", "version": policy.version}

        assert browser.post(f"{HERE}{policy.id}/", changed).status_code == 302
        assert browser.post(f"{HERE}{policy.id}/", {**changed, "name": "Later"}).status_code == 409
        assert queries.policy(policy.id).name == "Renamed"

    def test_is_tried(self, browser):
        policy = PolicyFactory()
        changed = {"name": policy.name, "text": NOBODY_CANCELS, "preview": "1"}

        assert "recent decisions" in browser.post(f"{HERE}{policy.id}/", changed).content.decode()
        assert queries.policy(policy.id).enabled

    def test_is_switched_off_and_on(self, browser):
        policy = PolicyFactory()

        browser.post(f"{HERE}{policy.id}/state", {"enabled": "no"})
        assert not queries.policy(policy.id).enabled
        browser.post(f"{HERE}{policy.id}/state", {"enabled": "yes"})
        assert queries.policy(policy.id).enabled

    def test_is_removed_and_restored(self, browser):
        policy = PolicyFactory()

        browser.post(f"{HERE}{policy.id}/deletion")
        assert "It forbids nothing." in browser.get(f"{HERE}{policy.id}/").content.decode()
        browser.post(f"{HERE}{policy.id}/restoration")

        assert not queries.policy(policy.id).is_deleted

    def test_says_why_it_is_not_restored(self, browser):
        policy = PolicyFactory(name="Twin", deleted_at=timezone.now())
        PolicyFactory(name="Twin")

        assert "a policy “Twin” already" in told(browser.post(f"{HERE}{policy.id}/restoration"))[0]
