"""What others rely on of an event: where it travels and the JSON Schema of its payload."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect as types

from apps.core.events.definition import Definition

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PERSONAL = "x-personal"
# Sentences of a docstring, also those that a colon or semicolon divides.
_SENTENCE = re.compile(r"(?<=[.;])\s+")
# What the platform's conventions say of a field by the end of its name, where no docstring says more.
_CONVENTIONS = {
    "occurred_at": "When it happened; when it was recorded is the envelope's `timestamp`.",
    "currency": "ISO 4217 code.",
    "_minor": "In minor units of the currency.",
    "_e4": "A price in 1/10,000 of the currency's major unit.",
}


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """One version of an event as others see it."""

    event: str
    version: int
    topic: str
    aggregate: str
    schema: Schema

    @property
    def name(self) -> str:
        """`OrderPlaced.v1`."""
        return f"{self.event}.v{self.version}"


def contract_of(definition: Definition) -> Contract:
    """The contract of an event's newest version, made from its class. What travels encrypted is marked `x-personal`."""
    schema = schema_of(definition.cls)
    for field in definition.personal:
        schema["properties"][field.wire_name][PERSONAL] = True
    return Contract(
        event=definition.name,
        version=definition.version,
        topic=definition.topic,
        aggregate=definition.aggregate,
        schema=schema,
    )


def schema_of(cls: type[msgspec.Struct]) -> Schema:
    """JSON Schema (2020-12) of a struct; what fields mean is taken from the sentences of docstrings that name them."""
    (_, parts) = msgspec.json.schema_components([cls], ref_template="#/$defs/{name}")
    for struct in structs_of(cls):
        _explain(parts[struct.__name__], struct)
    root = parts.pop(cls.__name__)
    return {"$schema": DIALECT, **root, **({"$defs": dict(sorted(parts.items()))} if parts else {})}


def meaning_of(cls: type, field: str) -> str:
    """What is said of a field: the sentences that name it, `so`, in the docstring of its class or else of its module;
    failing those, what its name says by convention.
    """
    module = sys.modules[cls.__module__].__doc__ or ""
    said = _sentences_with(doc_of(cls), field) or _sentences_with(module, field)
    return said or next((meaning for end, meaning in _CONVENTIONS.items() if field.endswith(end)), "")


def _sentences_with(text: str, field: str) -> str:
    sentences = _SENTENCE.split(" ".join(text.split()))
    return " ".join(sentence.rstrip(";") for sentence in sentences if f"`{field}`" in sentence)


def doc_of(cls: type) -> str:
    """The docstring that the class itself has."""
    return inspect.cleandoc(cls.__dict__.get("__doc__") or "")


def structs_of(cls: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    """The class and the structs inside it, each once."""
    return list(dict.fromkeys(_structs(types.type_info(cls))))


def _structs(found: types.Type) -> Iterator[type[msgspec.Struct]]:
    if isinstance(found, types.StructType):
        yield found.cls
        for field in found.fields:
            yield from _structs(field.type)
    for part in _parts(found):
        yield from _structs(part)


def _parts(found: types.Type) -> Iterator[types.Type]:
    """What a collection or a union is made of."""
    if isinstance(found, types.CollectionType):
        yield found.item_type
    elif isinstance(found, types.DictType):
        yield found.value_type
    elif isinstance(found, types.TupleType):
        yield from found.item_types
    elif isinstance(found, types.UnionType):
        yield from found.types


def _explain(schema: Schema, struct: type[msgspec.Struct]) -> None:
    fields = msgspec.structs.fields(struct)
    wire = {field.name: field.encode_name for field in fields}
    schema["description"] = _as_on_the_wire(doc_of(struct), wire)
    for field in fields:
        described = schema["properties"][field.encode_name]
        _name_formats(described, types.type_info(field.type))
        if meaning := meaning_of(struct, field.name):
            described.setdefault("description", _as_on_the_wire(meaning, wire))


def _as_on_the_wire(text: str, wire: dict[str, str]) -> str:
    return re.sub(r"`(\w+)`", lambda match: f"`{wire.get(match[1], match[1])}`", text)


def _name_formats(schema: Schema, found: types.Type) -> None:
    """msgspec leaves the format out where it would also read a time without a zone; ours all have one."""
    if isinstance(found, types.DateTimeType):
        schema.setdefault("format", "date-time")
    elif isinstance(found, types.UnionType):
        for choice in schema.get("anyOf", ()):
            if choice == {"type": "string"} and any(isinstance(one, types.DateTimeType) for one in found.types):
                choice["format"] = "date-time"
    elif isinstance(found, types.CollectionType):
        _name_formats(schema.get("items", {}), found.item_type)
    elif isinstance(found, types.DictType):
        _name_formats(schema.get("additionalProperties", {}), found.value_type)
