"""An example of an event, made from the types of its fields: the first form of its fixture."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from msgspec import inspect as types

from apps.core.events.definition import Definition
from apps.core.events.envelope import Envelope, Metadata

_MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def example_of(definition: Definition) -> Envelope:
    """An envelope with an event of the newest version; the same each time."""
    payload = _struct(definition.cls)
    aggregate_id = UUID(payload[_wire_name(definition)])
    return Envelope(
        event_id=_id("event"),
        event_type=definition.name,
        aggregate_id=aggregate_id,
        aggregate_type=definition.aggregate,
        version=definition.version,
        timestamp=_MOMENT,
        payload=payload,
        metadata=Metadata(
            causation_id=_id("command"),
            correlation_id="4bf92f3577b34da6a3ce929d0e0e4736",
            user_id=_id("user"),
            tenant_id=_id("tenant"),
            sequence=1,
            traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ),
    )


def _wire_name(definition: Definition) -> str:
    fields = msgspec.structs.fields(definition.cls)
    return next(field.encode_name for field in fields if field.name == definition.id_field)


def _struct(cls: type[msgspec.Struct]) -> dict[str, Any]:
    fields = msgspec.structs.fields(cls)
    return {field.encode_name: _value(field.name, types.type_info(field.type)) for field in fields}


def _value(name: str, found: types.Type) -> Any:
    match found:
        case types.StructType():
            return _struct(found.cls)
        case types.CollectionType():
            return [_value(name, found.item_type)]
        case types.TupleType():
            return [_value(name, item) for item in found.item_types]
        case types.DictType():
            return {"key": _value(name, found.value_type)}
        case types.UnionType():
            return _value(name, next(one for one in found.types if not isinstance(one, types.NoneType)))
        case _:
            return _scalar(name, found)


def _scalar(name: str, found: types.Type) -> Any:
    match found:
        case types.UUIDType():
            return str(_id(name))
        case types.DateTimeType():
            return "2026-01-02T03:04:05Z"
        case types.BoolType():
            return True
        case types.IntType() | types.FloatType():
            return 1
        case types.LiteralType():
            return found.values[0]
        case types.EnumType():
            return next(iter(found.cls)).value
        case _:
            return "2026-01-02" if isinstance(found, types.DateType) else name.replace("_", " ")


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, name.removesuffix("_id"))
