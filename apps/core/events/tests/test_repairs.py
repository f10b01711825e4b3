"""What people do about dead letters: correct, discard, take that back, many at once; what the history says of it."""

from __future__ import annotations

import json
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.core.crypto.tokens import is_token
from apps.core.errors import Invalid
from apps.core.events import UnitOfWork, bulk_repairs, corrections, dead_letters, handles, repairs
from apps.core.events.consumer import Consumer
from apps.core.events.errors import DeadLetterNotFound, DeadLetterSettled, DiscardIsFinal, GroupGone
from apps.core.events.inbox import enter
from apps.core.events.log import stream
from apps.core.events.models import DeadLetter
from apps.core.events.retry import RetryPolicy
from apps.core.events.subscriptions import _forget, group_named
from apps.core.events.tests import things
from apps.core.events.tests.test_personal import LetterSent
from apps.core.events.tests.things import ECHO, echo_id
from apps.core.history import Actor
from apps.core.history.changes import ChangeFilter, changes_of
from apps.core.tenancy import no_tenant, tenant

pytestmark = pytest.mark.django_db(databases=["default", "business"])

LETTERS = "business.test_of_letters"
ADA = Actor(kind="user", id=uuid4(), name="Ada King")


@pytest.fixture
def deliver(published):
    """`deliver()` gives the group whatever happened since the last time, one attempt each."""
    consumer, given = Consumer(group_named(ECHO), retry=RetryPolicy(1, 0, 0)), set()

    def run():
        for envelope in published.envelopes():
            if envelope.event_id not in given:
                given.add(envelope.event_id)
                consumer.process(envelope)

    return run


@pytest.fixture
def stuck(happen, deliver, thing_id):
    """The second of four events failed: the thing they happened to."""
    happen(thing_id, 1)
    happen(thing_id, 2, note="sick")
    happen(thing_id, 3, 4)
    deliver()
    return thing_id


def echoes(thing_id):
    return [envelope.payload["number"] for envelope in stream(echo_id(thing_id), using="business")]


def first_of(key):
    return dead_letters.open_letters("business", key=key).first()


def correct(letter, payload, because="a typo"):
    return repairs.correct(letter.id, payload, using="business", actor=ADA, because=because, now=timezone.now())


def discard(letter, because="of no use"):
    return repairs.discard(letter.id, using="business", actor=ADA, because=because, now=timezone.now())


def undo(letter):
    return repairs.undo_discard(letter.id, using="business", actor=ADA)


def retry(key):
    return repairs.retry_key(group_named(ECHO), key, actor=ADA, because="healed")


class TestCorrect:
    def test_has_the_corrected_payload_handled_in_the_order_of_the_key(self, stuck):
        letter = first_of(stuck)

        correct(letter, {**letter.envelope["payload"], "number": 22, "note": ""})
        retried = retry(stuck)

        assert (retried.resolved, retried.stuck) == (3, None)
        assert echoes(stuck) == [1, 22, 3, 4]

    def test_keeps_the_event_as_it_was_in_the_log_and_beside_the_correction(self, stuck):
        letter = first_of(stuck)

        corrected = correct(letter, {**letter.envelope["payload"], "note": ""})

        assert corrected.envelope == letter.envelope
        assert corrected.envelope["payload"]["note"] == "sick"
        assert stream(stuck, using="business")[1].payload["note"] == "sick"
        (only,) = corrected.corrections
        assert (only["payload"]["note"], only["byName"], only["because"]) == ("", "Ada King", "a typo")

    def test_counts_the_last_of_several(self, stuck):
        letter = first_of(stuck)
        for number in (20, 21):
            correct(letter, {**letter.envelope["payload"], "number": number, "note": ""})

        retry(stuck)

        assert echoes(stuck) == [1, 21, 3, 4]

    def test_changes_nothing_when_it_is_repeated(self, stuck):
        letter = first_of(stuck)
        payload = {**letter.envelope["payload"], "note": ""}

        correct(letter, payload)

        assert len(correct(letter, payload).corrections) == 1
        assert len(correct(letter, letter.envelope["payload"]).corrections) == 2  # back to the original is a change

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"number": "many"}, r"Expected `int`, got `str`"),
            ({"nmuber": 3}, "has no nmuber"),
            ({"parts": [{"partName": "a", "colour": "red"}]}, r"has no parts\.0\.colour"),
            ({"thingId": str(uuid4())}, "must stay an event of the Thing"),
        ],
    )
    def test_refuses_what_is_no_payload_of_this_event(self, stuck, change, says):
        letter = first_of(stuck)

        with pytest.raises(Invalid, match=says) as refused:
            correct(letter, {**letter.envelope["payload"], **change})

        assert list(refused.value.errors) == ["payload"]
        assert first_of(stuck).corrections == []

    def test_refuses_what_is_settled(self, stuck):
        letter = discard(first_of(stuck))

        with pytest.raises(DeadLetterSettled):
            correct(letter, letter.envelope["payload"])

    def test_finds_nothing_of_another_tenant(self, stuck, other_tenant_id):
        letter = first_of(stuck)

        with tenant(other_tenant_id), pytest.raises(DeadLetterNotFound):
            correct(letter, letter.envelope["payload"])


class TestPersonal:
    """What an event tells of a person."""

    @pytest.fixture
    def letter_to(self, in_tenant):
        """A group that reads letters cannot handle one."""
        seen = []

        def read(event):
            seen.append(event.salutation)
            if event.salutation == "Dear Charles":
                raise things.Sick

        handles(LetterSent, group=LETTERS)(read)
        unit = UnitOfWork("business")
        unit.publish(LetterSent(letter_id=(key := uuid4()), writer_id=uuid4(), salutation="Dear Charles"))
        (envelope,) = stream(key, using="business")
        Consumer(group_named(LETTERS), retry=RetryPolicy(1, 0, 0)).process(envelope)
        yield dead_letters.letters("business").get(key=key), seen
        _forget(LETTERS)

    def test_is_corrected_in_plain_and_kept_encrypted(self, letter_to):
        letter, seen = letter_to
        plain = corrections.readable(letter)

        corrected = correct(letter, {**plain, "salutation": "Dear Mary"})
        again = correct(letter, {**plain, "salutation": "Dear Mary"})
        repairs.retry_letter(letter.id, using="business", actor=ADA)

        assert plain["salutation"] == "Dear Charles"
        assert is_token(corrected.corrections[0]["payload"]["salutation"])
        assert len(again.corrections) == 1
        assert corrections.readable_corrections(corrected)[0]["payload"]["salutation"] == "Dear Mary"
        assert seen == ["Dear Charles", "Dear Mary"]


class TestRetry:
    def test_of_a_letter_begins_with_the_first_of_its_key(self, stuck):
        last = dead_letters.open_letters("business", key=stuck).last()
        things.healed.add("sick")

        repairs.retry_letter(last.id, using="business", actor=ADA)

        assert echoes(stuck) == [1, 2, 3, 4]

    def test_of_a_settled_letter_is_refused(self, stuck):
        letter = discard(first_of(stuck))

        with pytest.raises(DeadLetterSettled):
            repairs.retry_letter(letter.id, using="business", actor=ADA)

    def test_of_a_group_that_is_gone_says_so(self, stuck):
        dead_letters.open_letters("business").update(group="business.gone")

        with pytest.raises(GroupGone, match=r"business\.gone"):
            repairs.retry_letter(first_of(stuck).id, using="business", actor=ADA)


class TestUndo:
    def test_brings_a_discarded_event_back_to_its_place(self, stuck):
        letter = discard(first_of(stuck))

        assert undo(letter).is_open
        assert undo(letter).is_open  # once more
        things.healed.add("sick")
        retry(stuck)

        assert echoes(stuck) == [1, 2, 3, 4]

    def test_is_refused_once_a_later_event_had_its_effect(self, stuck):
        letter = discard(first_of(stuck))
        retry(stuck)

        with pytest.raises(DiscardIsFinal):
            undo(letter)
        assert echoes(stuck) == [1, 3, 4]

    def test_is_refused_once_the_key_was_free_in_between(self, happen, deliver, thing_id):
        happen(thing_id, 1, note="sick")
        deliver()
        letter = discard(first_of(thing_id))
        happen(thing_id, 2)
        happen(thing_id, 3, note="sick too")
        deliver()

        with pytest.raises(DiscardIsFinal):
            undo(letter)

    def test_is_refused_for_what_had_its_effect(self, stuck):
        letter = first_of(stuck)
        things.healed.add("sick")
        retry(stuck)

        with pytest.raises(DeadLetterSettled):
            undo(letter)

    def test_is_none_of_an_effect_that_another_reader_had(self, stuck):
        """A letter may be parked by one reader while another one handles the event."""
        letter = first_of(stuck)
        enter(letter.event_id, group=ECHO, using="business")

        assert discard(letter).status == DeadLetter.Status.RESOLVED
        with pytest.raises(DeadLetterSettled):
            undo(letter)


class TestHistory:
    def test_tells_who_did_what_and_why_and_nothing_of_the_payload(self, stuck):
        letter = first_of(stuck)
        correct(letter, {**letter.envelope["payload"], "number": 22})
        retry(stuck)
        discard(letter)

        told = changes_of(DeadLetter, where=ChangeFilter(entity_ids=(letter.id,)), limit=10, using="business")

        assert [(one.actor_name, one.reason) for one in told] == [
            ("Ada King", "of no use"),
            ("Ada King", "healed"),
            ("Ada King", "a typo"),
            (ECHO, ""),
        ]
        assert (told[0].before["status"], told[0].after["status"]) == ("parked", "discarded")
        assert (told[1].before["attempts"], told[1].after["attempts"]) == (1, 2)
        assert list(told[2].after) == ["corrected_at"]


class TestMany:
    @pytest.fixture
    def sick(self, happen, deliver):
        """Five things whose first event failed, the second waits behind."""
        ids = [uuid4() for _ in range(5)]
        for thing_id in ids:
            happen(thing_id, 1, note="sick")
            happen(thing_id, 2)
        deliver()
        return ids

    def steps(self, step, **given):
        """All steps of two at most."""
        found, after = [], ""
        while not found or after:
            found.append(step(dead_letters.letters("business"), actor=ADA, after=after, at_most=2, **given))
            after = found[-1].after
        return found

    def test_are_retried_in_steps_that_tell_how_far_they_came(self, sick):
        things.healed.add("sick")

        done = self.steps(bulk_repairs.retry_step)

        assert [(one.settled, one.stuck, one.left) for one in done] == [(4, 0, 3), (4, 0, 1), (2, 0, 0)]
        assert all(echoes(thing_id) == [1, 2] for thing_id in sick)

    def test_pass_over_keys_that_are_stuck_again(self, sick):
        assert [(one.settled, one.stuck) for one in self.steps(bulk_repairs.retry_step)] == [(0, 2), (0, 2), (0, 1)]

    def test_are_discarded_as_chosen_and_what_waits_behind_stays(self, sick):
        failed = dead_letters.letters("business").filter(failed=True)

        one = bulk_repairs.discard_step(failed, actor=ADA, because="all the same", now=timezone.now())
        again = bulk_repairs.discard_step(failed, actor=ADA, because="all the same", now=timezone.now())

        assert (one.settled, again.settled) == (5, 0)
        assert dead_letters.open_letters("business").count() == 5
        assert sum(step.settled for step in self.steps(bulk_repairs.retry_step)) == 5
        assert all(echoes(thing_id) == [2] for thing_id in sick)

    def test_of_another_tenant_are_left_alone(self, sick, other_tenant_id):
        things.healed.add("sick")
        with tenant(other_tenant_id):
            assert self.steps(bulk_repairs.retry_step)[0].settled == 0

        assert dead_letters.open_letters("business").count() == 10

    def test_go_on_only_after_a_place_that_was_named(self, sick):
        for step, given in ((bulk_repairs.retry_step, {}), (bulk_repairs.discard_step, {"because": "x", "now": None})):
            with pytest.raises(Invalid):
                step(dead_letters.letters("business"), actor=ADA, after="nowhere", **given)


class TestCommand:
    @pytest.fixture
    def run(self, tenant_id, monkeypatch):
        def run(*arguments, stdin=""):
            output = StringIO()
            monkeypatch.setattr("sys.stdin", StringIO(stdin))
            with no_tenant():
                call_command("dead_letters", "--tenant", str(tenant_id), *arguments, stdout=output, stderr=output)
            return output.getvalue()

        return run

    def test_shows_everything_about_one(self, stuck, run):
        letter = first_of(stuck)
        correct(letter, {**letter.envelope["payload"], "number": 22})

        shown = run("show", str(letter.id))

        assert '"note": "sick"' in shown
        assert "by Ada King because a typo" in shown
        assert '"number": 22' in shown
        assert "2 events" in shown
        assert "things.py" in shown

    def test_corrects_from_a_file_or_what_it_is_piped_and_retries(self, stuck, run, tmp_path):
        letter = first_of(stuck)
        payload = {**letter.envelope["payload"], "note": ""}
        file = tmp_path / "payload.json"
        file.write_text(json.dumps(payload))

        assert "is corrected" in run("edit", str(letter.id), str(file), "--because", "a typo")
        said = run("edit", str(letter.id), "--because", "a typo", "--retry", stdin=json.dumps({**payload, "number": 5}))

        assert "3 handled" in said
        assert echoes(stuck) == [1, 5, 3, 4]

    def test_chooses_many(self, stuck, run):
        assert "0 dead letters" in run("list", "--older-than", "1h")
        assert "1 dead letters" in run("list", "--reason", "Sick in", "--type", "ThingHappened")
        assert "0 dead letters are discarded" in run("discard", "--group", "business.other", "--because", "x")
        assert "1 dead letters are discarded" in run("discard", "--reason", "Sick in", "--because", "x")
        assert "2 handled, 0 keys stuck" in run("retry", "--type", "ThingHappened")
        assert echoes(stuck) == [1, 3, 4]

    @pytest.mark.parametrize(
        ("arguments", "stdin", "says"),
        [
            (("show", str(uuid4())), "", "there is no dead letter"),
            (("retry",), "", "name a group, or choose"),
            (("discard", "--because", "x"), "", "name dead letters, or choose"),
            (("edit", "{id}", "nowhere.json", "--because", "x"), "", "cannot be read"),
            (("edit", "{id}", "--because", "x"), "{", "no JSON"),
            (("edit", "{id}", "--because", "x"), "[]", "a JSON object"),
            (("edit", "{id}", "--because", "x"), "{}", "missing required field"),
            (("list", "--older-than", "soon"), "", "older-than"),
        ],
    )
    def test_says_in_one_line_what_is_wrong(self, stuck, run, arguments, stdin, says):
        letter = first_of(stuck)

        with pytest.raises(CommandError, match=says) as refused:
            run(*(part.format(id=letter.id) for part in arguments), stdin=stdin)

        assert "\n" not in str(refused.value)
