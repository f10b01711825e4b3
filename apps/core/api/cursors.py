"""Opaque cursors: the place of one row in an ordering."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec
from django.core.exceptions import ValidationError
from django.db.models import Field

from apps.core.errors import Invalid


@dataclass(frozen=True, slots=True)
class Cursor:
    """The values of a row's ordering columns, and on which side of it the page lies."""

    values: tuple[Any, ...]
    backwards: bool = False

    def encoded(self, ordering: tuple[str, ...]) -> str:
        """Text for a URL. It holds only for this ordering."""
        content = msgspec.json.encode([_digest(ordering), self.backwards, list(self.values)])
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    @classmethod
    def decoded(cls, text: str, ordering: tuple[str, ...], fields: list[Field[Any, Any]]) -> Cursor:
        """Raises Invalid for anything that `encoded` did not make for this ordering."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            digest, backwards, values = msgspec.json.decode(base64.b64decode(padded, b"-_", validate=True))
            if digest != _digest(ordering) or not isinstance(backwards, bool) or len(values) != len(fields):
                raise ValueError("of another ordering")
            return cls(tuple(_value(field, raw) for field, raw in zip(fields, values, strict=True)), backwards)
        except (ValueError, TypeError, OverflowError, binascii.Error, msgspec.DecodeError, ValidationError) as error:
            raise Invalid(
                "the cursor is not one of this list in this order: start again without it",
                errors={"cursor": ["not a cursor of this list in this order"]},
            ) from error


def _digest(ordering: tuple[str, ...]) -> str:
    return hashlib.sha256(",".join(ordering).encode()).hexdigest()[:8]


def _value(field: Field[Any, Any], raw: Any) -> Any:
    if not isinstance(raw, str | int | float) or (isinstance(raw, str) and "\x00" in raw):
        raise ValueError("no value of an ordering column")
    value = field.to_python(raw)
    field.run_validators(value)
    return value
