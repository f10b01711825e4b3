"""Every version of every event that was ever published can still be read, and the files say what the code does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from django.core.management import CommandError, call_command
from jsonschema import Draft202012Validator, FormatChecker

from apps.core.events import asyncapi, contract_files, reference
from apps.core.events.catalogue import published
from apps.core.events.contracts import Contract
from apps.core.events.definition import definition_of
from apps.core.events.envelope import decode

FIXTURES = contract_files.fixtures()
CONTRACTS = {contract.name: contract for contract in contract_files.contracts()}


class TestFixtures:
    def test_are_there_for_exactly_the_versions_that_there_are(self):
        """A fixture that has gone, a version that has none, a version that was taken back."""
        assert sorted(FIXTURES) == sorted(CONTRACTS), "run `make events`; never remove what was published"

    @pytest.mark.parametrize("name", sorted(FIXTURES))
    def test_are_still_read(self, name):
        envelope = decode(FIXTURES[name])

        happened = envelope.event()

        definition = definition_of(type(happened))
        assert f"{envelope.event_type}.v{envelope.version}" == name
        assert definition.name == envelope.event_type
        assert definition.aggregate_id(happened) == envelope.aggregate_id

    @pytest.mark.parametrize("name", sorted(FIXTURES))
    def test_keep_to_the_schema_of_their_version(self, name):
        payload = json.loads(FIXTURES[name])["payload"]

        validator = Draft202012Validator(CONTRACTS[name].schema, format_checker=FormatChecker())

        assert [error.message for error in validator.iter_errors(payload)] == []


class TestFiles:
    def test_say_what_the_code_does_and_the_last_release_is_kept(self, capsys):
        call_command("events", "check")

        assert "keep what the last release promised" in capsys.readouterr().out

    def test_hold_every_event_as_valid_json_schema(self):
        for contract in CONTRACTS.values():
            Draft202012Validator.check_schema(contract.schema)


@pytest.fixture
def copy(tmp_path, settings) -> Path:
    """The files of the repository, to be spoilt."""
    folder = tmp_path / "events"
    for kind, content in (("released", released_text()), ("fixtures", FIXTURES)):
        (folder / kind).mkdir(parents=True)
        for name, text in content.items():
            (folder / kind / f"{name}.json").write_bytes(text)
    settings.BASE_DIR, settings.EVENTS_DOCS_DIR = tmp_path, folder
    (folder / "asyncapi.json").write_text(asyncapi.encoded())
    (tmp_path / "events.md").write_text(reference.page())
    return folder


def released_text() -> dict[str, bytes]:
    return {contract.name: msgspec.json.encode(contract) for contract in contract_files.released()}


def complaint() -> str:
    with pytest.raises(CommandError) as refused:
        call_command("events", "check")
    return str(refused.value)


class TestThePlants:
    """The check in CI finds what it is for."""

    def test_nothing_is_wrong_with_a_true_copy(self, copy):
        call_command("events", "check")

    def test_an_event_that_disappeared(self, copy):
        gone = (copy / "released" / "OrderPlaced.v1.json").read_text().replace("OrderPlaced", "OrderForgotten")
        (copy / "released" / "OrderForgotten.v1.json").write_text(gone)

        assert "OrderForgotten.v1 is gone" in complaint()

    def test_a_field_that_was_removed(self, copy):
        self.change(copy, "OrderPlaced.v1", lambda schema: schema["properties"].update(colour={"type": "string"}))

        assert "OrderPlaced.v1: the field colour was removed; declare version 2 with an upcaster instead" in complaint()

    def test_a_topic_that_was_renamed(self, copy):
        path = copy / "released" / "OrderPlaced.v1.json"
        path.write_text(path.read_text().replace("business.orders", "business.sales"))

        assert "OrderPlaced.v1 has another topic: business.sales became business.orders" in complaint()

    def test_a_version_without_a_fixture_and_a_fixture_without_a_version(self, copy):
        (copy / "fixtures" / "OrderPlaced.v1.json").rename(copy / "fixtures" / "OrderPlaced.v7.json")

        told = complaint()

        assert "OrderPlaced.v1 has no fixture" in told
        assert "OrderPlaced.v7 has a fixture, and is no version of any event" in told

    def test_a_page_that_is_out_of_date(self, copy):
        (copy.parent / "events.md").write_text("yesterday's")

        assert complaint() == "events.md is out of date: run `make events`"

    def test_a_release_does_not_write_a_breach_down(self, copy):
        self.change(copy, "OrderPlaced.v1", lambda schema: schema["required"].remove("source"))
        before = (copy / "released" / "OrderPlaced.v1.json").read_text()

        with pytest.raises(CommandError, match="the field source became required"):
            call_command("events", "release")
        assert (copy / "released" / "OrderPlaced.v1.json").read_text() == before

    def test_a_fixture_is_written_once_and_never_again(self, copy):
        path = copy / "fixtures" / "OrderPlaced.v1.json"
        path.write_text("as it travelled")

        assert contract_files.write_missing_fixtures() == []
        assert path.read_text() == "as it travelled"
        path.unlink()
        assert contract_files.write_missing_fixtures() == [path]

    def change(self, copy: Path, name: str, change) -> None:
        path = copy / "released" / f"{name}.json"
        told = json.loads(path.read_text())
        change(told["schema"])
        path.write_text(json.dumps(told))


class TestAsyncApi:
    document = asyncapi.document()

    def test_has_a_channel_for_every_topic_and_a_message_for_every_version(self):
        assert sorted(self.document["channels"]) == sorted({definition.topic for definition in published()})
        assert sorted(self.document["components"]["messages"]) == sorted(CONTRACTS)

    def test_refers_to_nothing_that_is_not_there(self):
        for reference_ in references(self.document):
            assert found_at(self.document, reference_) is not None, reference_

    @pytest.mark.parametrize("name", sorted(FIXTURES))
    def test_describes_the_messages_that_travel(self, name):
        payload = {
            **self.document["components"]["messages"][name]["payload"],
            "components": self.document["components"],
        }

        Draft202012Validator(payload).validate(json.loads(FIXTURES[name]))

    def test_names_the_headers_that_are_sent(self):
        from apps.core.events.kafka_publisher import headers

        event = json.loads(FIXTURES["OrderPlaced.v1"])
        about = event["metadata"]
        of_it = [event[name] for name in ("eventType", "version", "eventId", "aggregateId", "timestamp")]
        names = ("sequence", "tenantId", "correlationId", "causationId", "traceparent")
        sent = dict(headers("business.orders", *of_it, *(str(about[name]) for name in names)))

        declared = self.document["components"]["schemas"]["Headers"]
        assert sorted(sent) == sorted(declared["properties"])
        Draft202012Validator(declared, format_checker=FormatChecker()).validate(sent)


def references(value) -> list[str]:
    if isinstance(value, dict):
        return [found for key, one in value.items() for found in ([one] if key == "$ref" else references(one))]
    return [found for one in value for found in references(one)] if isinstance(value, list) else []


def found_at(document, reference_: str):
    value = document
    for part in reference_.removeprefix("#/").split("/"):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def test_the_relay_knows_the_topics_without_loading_any_app():
    """It starts without Django's apps, in half the time."""
    program = "from apps.core.events.catalogue import topics; print(*topics())"

    told = subprocess.run(
        [sys.executable, "-c", program],
        env={"DJANGO_SETTINGS_MODULE": "config.settings", "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert told.stdout.split() == sorted({contract.topic for contract in CONTRACTS.values()})
    assert isinstance(next(iter(CONTRACTS.values())), Contract)
