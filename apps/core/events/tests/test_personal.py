"""What an event tells of a person is encrypted wherever it lies, and unreadable once their key is destroyed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any
from uuid import UUID, uuid4

import msgspec
import pytest
from django.db import connections
from msgspec import UNSET

from apps.core.crypto.keys import Owner, destroy_keys, forget_keys, renew_key
from apps.core.crypto.tokens import ERASED, is_token
from apps.core.db.ids import uuid7
from apps.core.errors import Invalid
from apps.core.events import (
    Envelope,
    Event,
    EventOrigin,
    InvalidMessage,
    Personal,
    UnitOfWork,
    dead_letters,
    event,
    failures,
    handles,
    kafka_publisher,
    remember_origin,
    repairs,
)
from apps.core.events.concealing import Place, revealed_payload
from apps.core.events.consumer import Consumer
from apps.core.events.definition import definition_of
from apps.core.events.envelope import decode, encode, unopened
from apps.core.events.log import stream
from apps.core.events.retry import RetryPolicy
from apps.core.events.subscriptions import _forget, group_named
from apps.core.history import Actor, Origin, acting, coming_from
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db
GROUP = "business.readers_of_letters"
DATABASES = ("default", "business")


@event(topic="business.letters", aggregate="Letter")
class LetterSent(Event):
    """For tests: of everything that can be personal something."""

    letter_id: UUID
    writer_id: UUID | None
    reader_id: UUID | None = None
    salutation: Annotated[str, Personal("reader_id", "writer_id")] = ""
    signature: Annotated[str | None, Personal("writer_id")] = None
    also_known_as: Annotated[tuple[str, ...], Personal("writer_id")] = ()
    details: Annotated[dict[str, str], Personal("writer_id")] = {}
    pages: int = 1


remember_origin(LetterSent)


@pytest.fixture
def letter(in_tenant: UUID) -> LetterSent:
    return LetterSent(
        letter_id=uuid7(),
        writer_id=uuid7(),
        reader_id=uuid7(),
        salutation="Dear Charles",
        signature="Ada Lovelace",
        also_known_as=("Ada", "Countess"),
        details={"street": "St James's Square", "empty": ""},
    )


def sent(letter: LetterSent) -> Envelope:
    """Sent by its writer, from somewhere."""
    ada = Actor("user", letter.writer_id, "Ada Lovelace", impersonator_id=letter.reader_id, impersonator_name="Charles")
    with acting(ada), coming_from(Origin("192.0.2.1", "Mozilla/5.0 (Analytical Engine)", "sid")):
        UnitOfWork("business").publish(letter)
    return stream(letter.letter_id, using="business")[-1]


def outgoing(envelope: Envelope, **changed: Any) -> Any:
    """What the relay sends of an event, or would if its row were another."""
    row = "jsonb_populate_record(null::events_event, to_jsonb(kept) || %s::jsonb)"
    statement = (
        f"select 1, event.topic, {kafka_publisher.COLUMNS} from events_event kept, {row} event where kept.id = %s"
    )
    with connections["business"].cursor() as cursor:
        cursor.execute(statement, [json.dumps(changed), envelope.event_id])
        return kafka_publisher.Publication.entry_of(cursor.fetchone())


def names_in(text: str | bytes) -> list[list[str]]:
    members = json.loads(text)
    return [list(members), list(members["metadata"])]


def metadata_with(envelope: Envelope, changed: dict[str, Any]) -> Any:
    changed = {name: UNSET if value is None else value for name, value in changed.items()}
    return msgspec.structs.replace(envelope.metadata, **changed)


def erase(subject_id: UUID | None) -> None:
    assert subject_id
    destroy_keys(subject_id, databases=DATABASES)


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in texts(one)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [text for one in value for text in texts(one)]
    return [value] if isinstance(value, str) else []


class TestWriting:
    def test_is_read_as_it_was(self, letter: LetterSent) -> None:
        envelope = sent(letter)

        assert envelope.event() == unopened(encode(envelope)).event() == letter
        assert envelope.origin() == EventOrigin(
            actor_kind="user",
            actor_name="Ada Lovelace",
            impersonator_name="Charles",
            address="192.0.2.1",
            user_agent="Mozilla/5.0 (Analytical Engine)",
            session_id="sid",
        )

    def test_leaves_no_personal_text_in_any_column_on_the_wire_or_in_a_dead_letter(self, letter: LetterSent) -> None:
        envelope = sent(letter)
        parked = parked_letter(envelope)
        with connections["business"].cursor() as cursor:
            cursor.execute("select to_jsonb(one)::text from events_event one where id = %s", [envelope.event_id])
            row = cursor.fetchone()[0]
        passed_on = outgoing(envelope)

        for kept in (row, passed_on.value, str(passed_on.headers), json.dumps(parked.envelope)):
            for secret in ("Ada", "Lovelace", "Charles", "Countess", "James", "192.0.2.1", "Mozilla", "Engine"):
                assert secret not in kept

    def test_is_passed_on_as_it_lies(self, letter: LetterSent) -> None:
        envelope = sent(letter)
        UnitOfWork("business").publish(letter)  # by nobody in particular, from nowhere

        awkward = {"correlation_id": 'so "to\\say"\n', "traceparent": "", "sequence": 7, "origin": None}
        for one, changed in ((envelope, {}), (stream(letter.letter_id, using="business")[-1], {}), (envelope, awkward)):
            passed_on = outgoing(one, **changed)

            told = msgspec.structs.replace(one, metadata=metadata_with(one, changed))
            assert decode(passed_on.value) == told
            assert names_in(passed_on.value) == names_in(encode(told))
            assert (passed_on.topic, passed_on.key) == ("business.letters", str(letter.letter_id))
            assert ("ce_sequence", str(told.metadata.sequence)) in passed_on.headers
            assert ("traceparent" in dict(passed_on.headers)) == bool(told.metadata.traceparent)

    def test_keeps_the_shape_of_the_payload(self, letter: LetterSent) -> None:
        payload = sent(letter).payload

        hidden = [*payload["alsoKnownAs"], payload["salutation"], payload["signature"], payload["details"]["street"]]
        assert len(hidden) == 5
        assert all(map(is_token, hidden))
        assert payload["details"]["empty"] == ""
        assert payload["letterId"] == str(letter.letter_id)

    def test_of_nobody_in_particular_uses_the_tenants_key(self, in_tenant: UUID) -> None:
        letter = LetterSent(letter_id=uuid7(), writer_id=None, salutation="To whom it may concern")
        UnitOfWork("business").publish(letter)

        (envelope,) = stream(letter.letter_id, using="business")
        assert envelope.event() == letter
        assert is_token(envelope.payload["salutation"])

    def test_of_before_the_fields_were_marked_is_still_read(self, letter: LetterSent) -> None:
        envelope = sent(letter)
        plain = json.loads(encode(envelope)) | {"payload": {**envelope.plain_payload()}}

        assert decode(json.dumps(plain)).event() == letter

    def test_in_an_older_version_is_found_by_the_name_that_it_had(self, in_tenant: UUID) -> None:
        place = Place("business", in_tenant, uuid7())
        hidden = place.conceal("Ada", "sign", subject_id=uuid7())
        payload = {"sign": hidden, "title": "enc1.not really"}

        assert revealed_payload(payload, 0, definition_of(LetterSent), place) == {**payload, "sign": "Ada"}

    def test_goes_on_with_a_new_key(self, letter: LetterSent, in_tenant: UUID) -> None:
        first = sent(letter)
        assert renew_key(Owner("business", in_tenant, letter.writer_id or in_tenant)) == 2

        second = sent(letter)

        forget_keys()
        assert first.event() == second.event() == letter

    def test_is_refused_where_a_mark_makes_no_sense(self) -> None:
        with pytest.raises(TypeError, match="nobody_id says whose"):

            @event(topic="business.letters", aggregate="Letter", version=8)
            class NobodysLetter(Event):
                letter_id: UUID
                name: Annotated[str, Personal("nobody_id")]

        with pytest.raises(TypeError, match="must be one of"):

            @event(topic="business.letters", aggregate="Letter", version=9)
            class CountedLetter(Event):
                letter_id: UUID
                pages: Annotated[int, Personal("letter_id")]


class TestReading:
    def test_what_was_moved_to_another_event_field_or_tenant_is_refused(self, letter: LetterSent) -> None:
        first, second = sent(letter), sent(letter)
        stolen = first.payload["signature"]
        elsewhere = {**second.payload, "signature": stolen}, {**first.payload, "salutation": stolen}
        for payload, envelope in zip(elsewhere, (second, first), strict=True):
            with pytest.raises(InvalidMessage):
                changed(envelope, payload=payload).event()

    def test_by_another_tenant_finds_nothing(self, letter: LetterSent) -> None:
        envelope = sent(letter)
        forged = json.loads(encode(envelope))
        forged["metadata"]["tenantId"] = str(uuid4())

        assert ERASED in texts(decode(json.dumps(forged)).plain_payload())

    def test_needs_no_tenant_around(self, letter: LetterSent) -> None:
        envelope = sent(letter)
        with tenant(uuid4()):
            assert envelope.event() == letter


class TestErasing:
    def test_leaves_a_mark_in_the_place_of_what_is_gone_and_nothing_else(self, letter: LetterSent) -> None:
        envelope = sent(letter)
        erase(letter.writer_id)

        read = stream(letter.letter_id, using="business")[0]

        for one in (envelope, read):
            happened = one.event()
            assert isinstance(happened, LetterSent)
            assert (happened.salutation, happened.signature, happened.pages) == ("Dear Charles", ERASED, 1)
            assert happened.also_known_as == (ERASED, ERASED)
            assert happened.details == {"street": ERASED, "empty": ""}
            origin = one.origin()
            assert origin is not None
            assert (origin.actor_name, origin.address, origin.user_agent) == (ERASED, ERASED, ERASED)
            assert (origin.impersonator_name, origin.session_id) == ("Charles", "sid")

    def test_reaches_what_travels_already_and_dead_letters(self, letter: LetterSent) -> None:
        envelope = sent(letter)
        in_kafka, parked = encode(envelope), parked_letter(envelope)
        erase(letter.writer_id)

        for kept in (in_kafka, json.dumps(parked.envelope)):
            assert {"Ada Lovelace", "192.0.2.1"} & set(texts(decode(kept).plain_payload())) == set()
        read: list[LetterSent] = []
        with handling(read):
            assert repairs.retry_key(group_named(GROUP), parked.key, actor=Actor("system")).resolved == 1
        assert [one.signature for one in read] == [ERASED]

    @pytest.mark.parametrize("whom", ["writer_id", "reader_id"])
    def test_of_anybody_in_the_event_takes_along_what_its_failure_said(self, letter: LetterSent, whom: str) -> None:
        parked = failed_letter(sent(letter))
        row = json.dumps(read_back(parked))
        assert "Lovelace" not in row and "Charles" not in row
        assert parked.reason == f"UnknownAddressee unknown_addressee in test_personal.py:{FAILING_LINE}"
        said = "UnknownAddressee: Ada Lovelace wrote to Charles"
        assert failures.words_of(parked) == said
        assert said in failures.traceback_of(parked)

        erase(getattr(letter, whom))

        assert failures.words_of(parked) == failures.traceback_of(parked) == ERASED

    def test_reaches_what_an_earlier_release_kept_in_plain(self, letter: LetterSent) -> None:
        parked = parked_letter(sent(letter))
        parked.reason, parked.words, parked.traceback = "ValueError: Ada Lovelace: who?", "", "Traceback: Ada Lovelace"

        failures.seal_plain(parked, using="business")

        assert (parked.reason, failures.words_of(parked)) == ("ValueError", "ValueError: Ada Lovelace: who?")
        assert "Lovelace" not in parked.words + parked.traceback
        erase(letter.writer_id)
        assert failures.traceback_of(parked) == ERASED

    def test_of_somebody_else_leaves_what_failures_said(self, letter: LetterSent) -> None:
        parked = failed_letter(sent(letter))

        erase(uuid7())

        assert "Charles" in failures.words_of(parked)

    def test_lets_handlers_and_replays_go_on(self, letter: LetterSent, drain: Callable[..., int]) -> None:
        sent(letter)
        erase(letter.reader_id)
        sent(letter)
        read: list[LetterSent] = []
        with handling(read):
            assert drain() == 2

        assert [one.salutation for one in read] == [ERASED, ERASED]
        assert [one.signature for one in read] == ["Ada Lovelace"] * 2

    def test_writes_nothing_personal_of_them_any_more(self, letter: LetterSent) -> None:
        sent(letter)
        erase(letter.writer_id)

        late = sent(letter)

        assert late.payload["signature"] == ERASED


def changed(envelope: Envelope, **changes: Any) -> Envelope:
    return decode(json.dumps(json.loads(encode(envelope)) | changes))


class handling:
    """A group that reads letters, for as long as the block lasts."""

    def __init__(self, read: list[LetterSent]) -> None:
        self._read = read

    def __enter__(self) -> None:
        def read_letter(letter: LetterSent) -> None:
            self._read.append(letter)

        handles(LetterSent, group=GROUP)(read_letter)

    def __exit__(self, *_: object) -> None:
        _forget(GROUP)


class UnknownAddressee(Invalid):
    """What a careless handler raises: it names people."""

    code = "unknown_addressee"


def not_delivered(letter: LetterSent) -> None:
    raise UnknownAddressee(f"{letter.signature} wrote to {letter.salutation.removeprefix('Dear ')}")


FAILING_LINE = not_delivered.__code__.co_firstlineno + 1


def failed_letter(envelope: Envelope) -> Any:
    """The dead letter that is left of a handler's failure."""
    handles(LetterSent, group=GROUP)(not_delivered)
    try:
        Consumer(group_named(GROUP), retry=RetryPolicy(1, 0, 0)).process(envelope)
    finally:
        _forget(GROUP)
    return dead_letters.open_letters("business", group=GROUP).get()


def read_back(parked: Any) -> list[str]:
    """Every column of it and of its history, as they lie there."""
    with connections["business"].cursor() as cursor:
        cursor.execute("select d::text from events_dead_letter d where id = %s", [parked.id])
        lies = [text for (text,) in cursor.fetchall()]
        cursor.execute("select h::text from events_deadletterhistory h where pgh_obj_id = %s", [parked.id])
        return lies + [text for (text,) in cursor.fetchall()]


def parked_letter(envelope: Envelope) -> Any:
    with handling([]):
        dead_letters.park(group_named(GROUP), envelope, error=ValueError("broken"), attempts=1)
    return dead_letters.open_letters("business", group=GROUP).get()
