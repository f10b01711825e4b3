"""Which fields of an event tell something about a person, so that they can be made unreadable when the person goes:

    email: Annotated[str, Personal("user_id")]

names the field with the id of the person whom it is about; with several, the first that is not None counts, and where
none is, it is the tenant's.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

# What an encrypted text can stand in for without another shape: a text, or the texts in a mapping or a tuple.
_KINDS = ("str", "dict[str, str]", "tuple[str, ...]")


class Personal:
    """Marks a personal field of an event. `subjects` are the names of the fields that say whose it is."""

    def __init__(self, *subjects: str) -> None:
        self.subjects = subjects


@dataclass(frozen=True, slots=True)
class PersonalField:
    """One such field: its name in the class and on the wire, and the fields that say whose it is."""

    name: str
    wire_name: str
    subjects: tuple[str, ...]

    def subject_of(self, happened: msgspec.Struct) -> UUID | None:
        """Whom it is about in this event; None: nobody in particular."""
        ids = (getattr(happened, name) for name in self.subjects)
        return next((UUID(str(found)) for found in ids if found is not None), None)


def personal_fields(cls: type[msgspec.Struct]) -> tuple[PersonalField, ...]:
    """The marked fields of an event's class. Raises TypeError when a mark makes no sense."""
    wire_names = dict(zip(cls.__struct_fields__, cls.__struct_encode_fields__, strict=True))
    return tuple(
        PersonalField(name, wire_names[name], _checked(cls, name, mark, hint)) for name, mark, hint in _marked(cls)
    )


def _marked(cls: type[msgspec.Struct]) -> Iterator[tuple[str, Personal, Any]]:
    if not any("Personal" in str(annotation) for annotation in _annotations(cls)):
        return  # resolving names of types is not for everybody
    for name, hint in get_type_hints(cls, include_extras=True).items():
        for mark in get_args(hint)[1:] if get_origin(hint) is Annotated else ():
            if isinstance(mark, Personal):
                yield name, mark, get_args(hint)[0]


def _annotations(cls: type[msgspec.Struct]) -> Iterable[object]:
    return [annotation for base in cls.__mro__ for annotation in inspect.get_annotations(base).values()]


def _checked(cls: type[msgspec.Struct], name: str, mark: Personal, hint: Any) -> tuple[str, ...]:
    missing = set(mark.subjects) - set(cls.__struct_fields__)
    if missing or not mark.subjects:
        raise TypeError(f"{cls.__name__}.{name} is personal, but {', '.join(missing) or 'no field'} says whose")
    if _kind(hint) not in _KINDS:
        raise TypeError(f"{cls.__name__}.{name} is personal, so it must be one of: {'; '.join(_KINDS)}; or None")
    return mark.subjects


def _kind(hint: Any) -> str:
    if get_origin(hint) in (Union, types.UnionType):
        (hint, *more) = [one for one in get_args(hint) if one is not type(None)]
        hint = None if more else hint
    return "str" if hint is str else str(hint)
