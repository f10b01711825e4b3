"""REST: dead letters are listed, shown, retried, corrected, discarded; one by one and many at once."""

from __future__ import annotations

import pytest

from apps.core.events import dead_letters
from apps.core.events.log import stream
from apps.core.events.tests import things
from apps.core.events.tests.things import ECHO, echo_id

pytestmark = pytest.mark.django_db(databases=["default", "business"])

HERE = "/api/v1/services/business/dead-letters"


@pytest.fixture
def owner(api_client):
    return api_client("owner")


def echoes(thing_id):
    return [envelope.payload["number"] for envelope in stream(echo_id(thing_id), using="business")]


def first_of(key):
    return dead_letters.open_letters("business", key=key).first()


class TestList:
    def test_shows_the_newest_first_and_pages(self, owner, stuck):
        one, two = stuck(), stuck()

        first = owner.get(f"{HERE}?limit=3").json()
        rest = owner.get(first["meta"]["links"]["next"]).json()

        assert [row["key"] for row in first["data"]] == [str(two)] * 3
        assert [row["key"] for row in rest["data"]] == [str(one)] * 3
        assert rest["meta"]["next"] is None

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            (f"group={ECHO}", 3),
            ("group=business.other", 0),
            ("event_type=ThingHappened", 3),
            ("failed=true", 1),
            ("failed=false", 2),
            ("status=open", 3),
            ("status=resolved", 0),
            ("status=all", 3),
            ("reason=sick", 1),
            ("parked_before=2020-01-01T00:00:00Z", 0),
        ],
    )
    def test_is_narrowed(self, owner, stuck, query, count):
        stuck()

        assert len(owner.get(f"{HERE}?{query}").json()["data"]) == count

    def test_is_narrowed_to_a_key(self, owner, stuck):
        stuck()
        key = stuck()

        assert {row["key"] for row in owner.get(f"{HERE}?key={key}").json()["data"]} == {str(key)}

    def test_tells_what_is_wrong_with_a_filter(self, owner):
        assert owner.get(f"{HERE}?key=x").status_code == 422
        assert owner.get("/api/v1/services/nobody/dead-letters").status_code == 404

    def test_shows_nothing_to_another_company(self, api_client, stuck, other_tenant_id):
        letter = first_of(stuck())
        stranger = api_client("owner", tenant_id=other_tenant_id)

        assert stranger.get(HERE).json()["data"] == []
        assert stranger.get(f"{HERE}/{letter.id}").status_code == 404
        assert stranger.post(f"{HERE}/{letter.id}/retrial").status_code == 404
        assert stranger.post(f"{HERE}/retrials", {"group": ECHO}).json()["data"]["taken"] == 0


class TestWhatEventsSay:
    def test_is_shown_to_who_may_repair(self, owner, stuck):
        letter = first_of(stuck())

        shown = owner.get(f"{HERE}/{letter.id}").json()["data"]

        assert shown["event"]["payload"]["note"] == "sick"
        assert (shown["reason"].split(":")[0], shown["words"]) == ("Sick in things.py", "Sick: sick")
        assert "things.py" in shown["traceback"]
        assert [row["sequence"] for row in shown["waiting"]] == [2, 3]
        assert (shown["attempts"], shown["waiting_count"], shown["can_be_restored"]) == (1, 2, False)

    def test_is_kept_from_who_may_only_see(self, api_client, stuck):
        manager, letter = api_client("manager"), first_of(stuck())

        answer = manager.get(f"{HERE}/{letter.id}")

        assert (answer.json()["data"]["event"], answer.json()["data"]["reason"]) == (None, None)
        assert "sick" not in answer.content.decode() + manager.get(HERE).content.decode()
        assert manager.get(f"{HERE}?reason=sick").status_code == 422
        assert manager.post(f"{HERE}/{letter.id}/retrial").status_code == 403


class TestRepair:
    def test_retries_a_key_up_to_what_fails_again(self, owner, stuck):
        key = stuck()
        url = f"{HERE}/{first_of(key).id}/retrial"

        again = owner.post(url).json()["data"]
        things.healed.add("sick")
        healed = owner.post(url, {"because": "the handler is healed"}).json()["data"]

        assert (again["resolved"], again["stuck"]["attempts"]) == (0, 2)
        assert healed == {"resolved": 3, "stuck": None}
        assert echoes(key) == [1, 2, 3]
        assert owner.post(url).status_code == 409

    def test_corrects_and_retries(self, owner, stuck):
        letter = first_of(stuck())
        payload = {**letter.envelope["payload"], "number": 7, "note": ""}

        answer = owner.post(
            f"{HERE}/{letter.id}/correction", {"payload": payload, "because": "a typo", "retry": True}
        ).json()["data"]

        assert answer["retrial"] == {"resolved": 3, "stuck": None}
        assert answer["dead_letter"]["event"]["payload"]["note"] == "sick"
        assert answer["dead_letter"]["corrections"][0]["payload"] == payload
        assert echoes(letter.key) == [7, 2, 3]

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"payload": {"number": "many"}, "because": "x"}, "payload"),
            ({"payload": [], "because": "x"}, "payload"),
            ({"payload": {}}, "because"),
        ],
    )
    def test_says_what_is_wrong_with_a_correction(self, owner, stuck, body, field):
        letter = first_of(stuck())

        answer = owner.post(f"{HERE}/{letter.id}/correction", body)

        assert answer.status_code == 422
        assert field in answer.json()["errors"]
        assert first_of(letter.key).corrections == []

    def test_discards_with_a_reason_and_takes_it_back(self, owner, stuck):
        letter = first_of(stuck())
        url = f"{HERE}/{letter.id}"

        assert owner.post(f"{url}/discarding").status_code == 422
        discarded = owner.post(f"{url}/discarding", {"because": "of no use"}).json()["data"]
        restored = owner.post(f"{url}/restoration").json()["data"]

        assert (discarded["status"], discarded["settled_because"]) == ("discarded", "of no use")
        assert discarded["can_be_restored"]
        assert (restored["status"], restored["settled_at"]) == ("parked", None)

    def test_says_when_a_discarding_is_final(self, owner, stuck):
        letter = first_of(stuck())
        owner.post(f"{HERE}/{letter.id}/discarding", {"because": "of no use"})
        owner.post(f"{HERE}/retrials", {"key": str(letter.key)})

        answer = owner.post(f"{HERE}/{letter.id}/restoration")

        assert (answer.status_code, answer.json()["code"]) == (409, "discard_is_final")


class TestMany:
    def test_are_discarded_and_the_rest_retried(self, owner, stuck):
        keys = [stuck(), stuck()]

        discarded = owner.post(f"{HERE}/discardings", {"reason": "sick", "because": "all the same"}).json()["data"]
        retried = owner.post(f"{HERE}/retrials", {"group": ECHO}).json()["data"]

        assert discarded == {"taken": 2, "settled": 2, "stuck": 0, "left": 0, "after": ""}
        assert retried == {"taken": 2, "settled": 4, "stuck": 0, "left": 0, "after": ""}
        assert [echoes(key) for key in keys] == [[2, 3], [2, 3]]

    def test_may_be_named_one_by_one(self, owner, stuck):
        one, _ = stuck(), stuck()
        things.healed.add("sick")

        retried = owner.post(f"{HERE}/retrials", {"ids": [str(first_of(one).id)]}).json()["data"]

        assert (retried["taken"], retried["settled"]) == (1, 3)

    def test_are_never_all_by_leaving_everything_out(self, owner, stuck):
        stuck()

        assert owner.post(f"{HERE}/retrials").status_code == 422
        assert owner.post(f"{HERE}/discardings", {"because": "x"}).status_code == 422
        assert owner.post(f"{HERE}/retrials", {"group": ECHO, "after": "nowhere"}).status_code == 422


class TestAudit:
    def test_tells_who_did_what_and_why(self, owner, stuck):
        letter = first_of(stuck())

        owner.post(f"{HERE}/{letter.id}/discarding", {"because": "of no use"})

        found = owner.get("/api/v1/changes?entity=DeadLetter&action=updated").json()["data"]
        (change,) = [one for one in found if one["entity_id"] == str(letter.id)]
        assert (change["actor_name"], change["reason"]) == ("Owner", "of no use")
        assert (change["before"]["status"], change["after"]["status"]) == ("parked", "discarded")
