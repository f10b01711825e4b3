"""What may not happen to an event that a release has published. Each breach is a sentence.

Of a published version only one thing may change: it may get another optional field. Everything else is a new version
with an upcaster, or another event. So the next release reads the events of the last one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from apps.core.events.contracts import PERSONAL, Contract, Schema

# Words for people bind nobody, and texts that are encrypted from now on are read like those that were not.
_WORDS = {"$schema", "$defs", "title", "description", "examples", PERSONAL}


def breaches(released: Iterable[Contract], current: Iterable[Contract]) -> list[str]:
    """What of the released contracts the current ones do not keep, in words."""
    now = {contract.event: contract for contract in current}
    return [sentence for contract in released for sentence in _breaches_of(contract, now.get(contract.event))]


def _breaches_of(released: Contract, current: Contract | None) -> Iterator[str]:
    if current is None:
        yield f"{released.name} is gone: it was published, so it lies in logs and others may wait for it"
        return
    for what in ("topic", "aggregate"):
        was, is_ = getattr(released, what), getattr(current, what)
        if was != is_:
            yield f"{released.name} has another {what}: {was} became {is_}"
    if current.version < released.version:
        yield f"{released.name} was published, and the newest version declared is {current.version}"
    elif current.version == released.version:
        for sentence in _changes(released.schema, current.schema):
            yield f"{released.name}: {sentence}; declare version {released.version + 1} with an upcaster instead"


def _changes(was: Schema, is_: Schema) -> Iterator[str]:
    """What differs other than by a new optional field, in the payload itself and in each of its parts."""
    yield from _changes_of_object("", was, is_)
    for name, part in was.get("$defs", {}).items():
        other = is_.get("$defs", {}).get(name)
        if other is not None and "properties" in part:
            yield from _changes_of_object(f"{name}.", part, other)


def _changes_of_object(prefix: str, was: Schema, is_: Schema) -> Iterator[str]:
    before, after = was.get("properties", {}), is_.get("properties", {})
    needed_before, needed_after = set(was.get("required", ())), set(is_.get("required", ()))
    for name in sorted(set(before) - set(after)):
        yield f"the field {prefix}{name} was removed"
    for name in sorted(set(before) & set(after)):
        if _binding(before[name]) != _binding(after[name]):
            yield f"the field {prefix}{name} was {_text(before[name])} and became {_text(after[name])}"
        elif (name in needed_before) != (name in needed_after):
            yield f"the field {prefix}{name} became {'required' if name in needed_after else 'optional'}"
    for name in sorted((set(after) - set(before)) & needed_after):
        yield f"the new field {prefix}{name} is required"


def _binding(schema: Any) -> Any:
    """A schema without the words in it."""
    if isinstance(schema, Mapping):
        return {key: _binding(value) for key, value in schema.items() if key not in _WORDS}
    return [_binding(item) for item in schema] if isinstance(schema, list) else schema


def _text(schema: Schema) -> str:
    return type_text(schema) + (f" ({schema['default']!r} when left out)" if "default" in schema else "")


def type_text(schema: Schema) -> str:
    """A type for people: `string (uuid)`, `list of LinePlaced`, `integer or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(type_text(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        items = schema.get("items") or {}
        return f"list of {type_text(items)}" if items else f"list of {', '.join(map(type_text, schema['prefixItems']))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"map to {type_text(schema['additionalProperties'])}"
    return f"{kind} ({schema['format']})" if "format" in schema else kind
