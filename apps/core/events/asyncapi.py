"""The events of the platform as an AsyncAPI 3 document: channels are topics, messages are versions of events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from typing import Any

import msgspec

from apps.core.events.contract_files import contracts, fixtures
from apps.core.events.contracts import Contract, schema_of
from apps.core.events.envelope import Envelope

Document = dict[str, Any]

_SCHEMAS = "#/components/schemas"
_MESSAGES = "#/components/messages"
_TEXT: Document = {"type": "string"}
_ID: Document = {"type": "string", "format": "uuid"}


def document() -> Document:
    """What there is to subscribe to, and what arrives. Follows from the code and from what was released."""
    known = contracts()
    newest = {contract.event: contract for contract in known}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Events",
            "version": "1",
            "description": "Facts that others may rely on. Within one aggregate they are in order; each arrives at "
            "least once. An envelope surrounds every payload; on Kafka its attributes are also headers (CloudEvents).",
        },
        "defaultContentType": "application/json",
        "channels": _channels(known),
        "operations": _operations(list(newest.values())),
        "components": {
            "messages": {contract.name: _message(contract, fixtures()) for contract in known},
            "schemas": {**_envelope(), "Headers": _headers(), **_payloads(known)},
        },
    }


def _channels(known: list[Contract]) -> Document:
    """Each topic with every version of its events: a log keeps old ones."""
    return {
        topic: {
            "address": topic,
            "description": f"Key of a message: the id of its aggregate ({', '.join(_aggregates(events))}).",
            "messages": {contract.name: {"$ref": f"{_MESSAGES}/{contract.name}"} for contract in events},
        }
        for topic, events in _by_topic(known)
    }


def _operations(newest: list[Contract]) -> Document:
    """What the platform publishes from now on: the newest versions."""
    return {
        f"publish.{topic}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{topic}"},
            "messages": [{"$ref": f"#/channels/{topic}/messages/{contract.name}"} for contract in events],
        }
        for topic, events in _by_topic(newest)
    }


def _message(contract: Contract, examples: Mapping[str, bytes]) -> Document:
    first, _, _ = str(contract.schema.get("description", "")).partition("\n\n")
    message: Document = {
        "name": contract.event,
        "title": f"{contract.event}, version {contract.version}",
        "summary": " ".join(first.split()),
        "contentType": "application/json",
        "headers": {"$ref": f"{_SCHEMAS}/Headers"},
        "correlationId": {"location": "$message.payload#/metadata/correlationId"},
        "bindings": {"kafka": {"key": _ID}},
        "payload": {
            "allOf": [
                {"$ref": f"{_SCHEMAS}/Envelope"},
                {
                    "type": "object",
                    "properties": {
                        "eventType": {"const": contract.event},
                        "aggregateType": {"const": contract.aggregate},
                        "version": {"const": contract.version},
                        "payload": {"$ref": f"{_SCHEMAS}/{contract.name}"},
                    },
                },
            ]
        },
    }
    if contract.name in examples:
        message["examples"] = [{"payload": json.loads(examples[contract.name])}]
    return message


def _payloads(known: list[Contract]) -> Document:
    """Each version's payload, and its parts below its name: parts of two events may be called alike."""
    found: Document = {}
    for contract in known:
        schema = {name: value for name, value in contract.schema.items() if name not in ("$schema", "$defs")}
        parts = {f"{contract.name}.{name}": part for name, part in contract.schema.get("$defs", {}).items()}
        for name, part in {contract.name: schema, **parts}.items():
            found[name] = _moved(part, contract.name)
    return found


def _moved(schema: Any, prefix: str) -> Any:
    """The schema with references to its parts leading to where they lie in this document."""
    if isinstance(schema, Mapping):
        return {
            key: f"{_SCHEMAS}/{prefix}.{value.removeprefix('#/$defs/')}" if key == "$ref" else _moved(value, prefix)
            for key, value in schema.items()
        }
    return [_moved(item, prefix) for item in schema] if isinstance(schema, list) else schema


def _envelope() -> Document:
    schema = schema_of(Envelope)
    parts = {name: _moved(part, "Envelope") for name, part in schema.pop("$defs").items()}
    schema.pop("$schema")
    return {"Envelope": _moved(schema, "Envelope"), **{f"Envelope.{name}": part for name, part in parts.items()}}


def _headers() -> Document:
    """CloudEvents 1.0 in the binary mode of its Kafka binding; see `kafka_publisher.headers`."""
    properties = {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {**_ID, "description": "eventId"},
        "ce_type": {**_TEXT, "description": "eventType"},
        "ce_source": {**_TEXT, "description": "The topic as a path: /business/orders."},
        "ce_subject": {**_ID, "description": "aggregateId"},
        "ce_time": {"type": "string", "format": "date-time", "description": "timestamp"},
        "ce_dataschema": {"type": "string", "format": "uri", "description": "Where the payload's JSON Schema is."},
        "ce_dataschemaversion": {**_TEXT, "description": "version"},
        "ce_partitionkey": {**_ID, "description": "aggregateId"},
        "ce_sequence": {**_TEXT, "description": "metadata.sequence"},
        "ce_tenantid": {**_ID, "description": "metadata.tenantId"},
        "ce_correlationid": {**_TEXT, "description": "metadata.correlationId"},
        "ce_causationid": {**_ID, "description": "metadata.causationId"},
        "content-type": {"type": "string", "const": "application/json"},
        "traceparent": {**_TEXT, "description": "W3C trace context; left out where nothing was traced."},
    }
    return {"type": "object", "required": [n for n in properties if n != "traceparent"], "properties": properties}


def _by_topic(known: list[Contract]) -> list[tuple[str, list[Contract]]]:
    ordered = sorted(known, key=lambda contract: (contract.topic, contract.event, contract.version))
    return [(topic, list(events)) for topic, events in groupby(ordered, key=lambda contract: contract.topic)]


def _aggregates(events: list[Contract]) -> list[str]:
    return sorted({contract.aggregate for contract in events})


def encoded() -> str:
    """The document as the repository keeps it."""
    return json.dumps(msgspec.to_builtins(document()), indent=1, ensure_ascii=False) + "\n"
