"""The console's dead letters."""

from __future__ import annotations

import json
import re

import pytest
from django.contrib.messages import get_messages

from apps.core.events import dead_letters
from apps.core.events.log import stream
from apps.core.events.models import DeadLetter
from apps.core.events.tests import things
from apps.core.events.tests.things import ECHO, echo_id

pytestmark = pytest.mark.django_db(databases=["default", "business"])

HERE = "/services/business/dead-letters/"


@pytest.fixture
def owner(browser):
    return browser("owner")


def echoes(thing_id):
    return [envelope.payload["number"] for envelope in stream(echo_id(thing_id), using="business")]


def first_of(key):
    return dead_letters.open_letters("business", key=key).first()


def told(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def text_of(response):
    return response.content.decode()


class TestList:
    def test_says_when_there_is_none(self, owner):
        assert "No dead letters" in text_of(owner.get(HERE))
        assert "No dead letter fits" in text_of(owner.get(f"{HERE}?group=x"))

    def test_shows_and_narrows_them(self, owner, stuck):
        letter = first_of(stuck())

        page = text_of(owner.get(HERE))

        assert f"{HERE}{letter.id}/" in page
        assert page.count('name="ids"') == 3
        assert "Sick in things.py:" in page
        assert f"{HERE}{letter.id}/" not in text_of(owner.get(f"{HERE}?failed=false"))
        assert "such parameter" in text_of(owner.get(f"{HERE}?colour=red"))

    def test_has_nothing_to_press_for_who_may_only_see(self, browser, stuck):
        letter = first_of(stuck())
        manager = browser("manager")

        page, detail = text_of(manager.get(HERE)), text_of(manager.get(f"{HERE}{letter.id}/"))

        assert "Thing happened" in page
        assert 'name="ids"' not in page
        assert "sick" not in page + detail
        assert "events.repair" in detail

    def test_leads_from_one_service_to_the_other(self, owner):
        assert "/services/iam/dead-letters/" in text_of(owner.get(HERE))

    def test_is_counted_in_the_navigation(self, owner, browser, stuck):
        stuck()

        assert ">3<" in text_of(owner.get(f"{HERE}open"))
        assert f"{HERE}open" in text_of(owner.get(HERE))
        assert "/services/iam/dead-letters/open" in text_of(owner.get("/people/"))
        assert "dead-letters" not in text_of(browser("clerk").get("/orders/"))


class TestOne:
    def test_is_shown_with_payload_traceback_and_what_waits(self, owner, stuck):
        letter = first_of(stuck())

        page = text_of(owner.get(f"{HERE}{letter.id}/"))

        assert "&quot;note&quot;: &quot;sick&quot;" in page
        assert "things.py" in page
        assert page.count('class="timeline-item"') == 2

    def test_is_retried(self, owner, stuck):
        letter = first_of(stuck())

        assert "0 handled, then #1 failed again: Sick" in told(owner.post(f"{HERE}{letter.id}/retrial"))[0]
        things.healed.add("sick")
        assert "3 handled" in told(owner.post(f"{HERE}{letter.id}/retrial"))[0]
        assert "is resolved" in told(owner.post(f"{HERE}{letter.id}/retrial"))[0]

    def test_is_corrected_and_both_payloads_are_shown(self, owner, stuck):
        letter = first_of(stuck())
        corrected = {"payload": json.dumps({**letter.envelope["payload"], "note": ""}), "because": "a typo"}

        owner.post(f"{HERE}{letter.id}/correction", corrected)
        page = text_of(owner.get(f"{HERE}{letter.id}/"))
        owner.post(f"{HERE}{letter.id}/correction", {**corrected, "retry": "1"})

        assert "&quot;note&quot;: &quot;sick&quot;" in page
        assert "Corrected by Owner" in page and "Reason: a typo" in page
        assert echoes(letter.key) == [1, 2, 3]

    @pytest.mark.parametrize(
        ("form", "says"),
        [
            ({"payload": "{", "because": "x"}, "Enter a valid JSON."),
            ({"payload": "[1]", "because": "x"}, "A payload is a JSON object."),
            ({"payload": '{"number": "many"}', "because": "x"}, "Expected `int`, got `str`"),
            ({"payload": "{}"}, "This field is required."),
        ],
    )
    def test_says_beside_the_field_what_is_wrong_with_a_correction(self, owner, stuck, form, says):
        letter = first_of(stuck())

        response = owner.post(f"{HERE}{letter.id}/correction", form)

        assert response.status_code == 422
        assert says in text_of(response)
        assert "Correct it" in text_of(response)

    def test_is_discarded_with_an_undo(self, owner, stuck):
        letter = first_of(stuck())

        assert "Give a reason" in told(owner.post(f"{HERE}{letter.id}/discarding"))[0]
        response = owner.post(f"{HERE}{letter.id}/discarding", {"because": "of no use"})
        (message,) = get_messages(response.wsgi_request)
        assert message.extra_tags == f"undo:{HERE}{letter.id}/restoration"
        assert "Park it again" in text_of(owner.get(f"{HERE}{letter.id}/"))
        assert "parked again" in told(owner.post(f"{HERE}{letter.id}/restoration"))[0]
        assert first_of(letter.key).id == letter.id

    def test_is_not_found_by_another_company(self, browser, stuck, other_tenant_id):
        letter = first_of(stuck())

        assert browser("owner", tenant_id=other_tenant_id).get(f"{HERE}{letter.id}/").status_code == 404


class TestMany:
    def test_selected_ones_are_retried(self, owner, stuck):
        one, other = stuck(), stuck()
        things.healed.add("sick")

        said = told(
            owner.post(f"{HERE}repairs", {"action": "retry", "scope": "selected", "ids": [str(first_of(one).id)]})
        )

        assert said == ["3 handled. 1 keys flow again."]
        assert (echoes(one), echoes(other)) == ([1, 2, 3], [])

    def test_all_that_fit_are_done_in_steps_with_a_bar(self, owner, stuck, settings):
        settings.EVENTS_REPAIR_BATCH = 1
        keys = [stuck(), stuck()]
        wish = {"action": "discard", "scope": "all", "because": "all the same"}

        first = owner.post(f"{HERE}repairs?failed=true", wish)
        hidden = dict(re.findall(r'type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', text_of(first)))
        last = owner.post(f"{HERE}repairs?failed=true", hidden)

        assert "1 of 2 done" in text_of(first)
        assert '<progress max="2" value="1"' in text_of(first)
        assert told(last) == ["2 discarded. Retry what waits behind them to let it go on."]
        assert DeadLetter.objects.using("business").filter(status="discarded", key__in=keys).count() == 2

    def test_that_are_stuck_again_are_counted(self, owner, stuck):
        stuck()

        said = told(owner.post(f"{HERE}repairs?group={ECHO}", {"action": "retry", "scope": "all"}))

        assert said == ["0 handled; 1 of 1 keys failed again."]

    @pytest.mark.parametrize(
        ("form", "says"),
        [
            ({"action": "retry", "scope": "selected"}, "Select at least one"),
            ({"action": "discard", "scope": "all"}, "Give a reason"),
            ({"action": "retry", "scope": "selected", "ids": "x"}, "no dead letters"),
            ({"action": "retry", "scope": "all", "after": "x"}, "no place"),
        ],
    )
    def test_say_what_is_wrong_and_change_nothing(self, owner, stuck, form, says):
        key = stuck()

        assert says in told(owner.post(f"{HERE}repairs", form))[0]
        assert dead_letters.open_letters("business", key=key).count() == 3
