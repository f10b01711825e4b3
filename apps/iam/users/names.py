"""How names and addresses are compared: as people mean them, not as they were typed."""

from __future__ import annotations

import unicodedata
from uuid import UUID, uuid5

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.iam.users.errors import InvalidMember

NAME_LENGTH = 200
EMAIL_LENGTH = 254


def folded(text: str) -> str:
    """Text for comparison: compatibility forms and case folded, spaces squeezed (Unicode NFKC_Casefold, UAX #15)."""
    once = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", once).split())


def erasure_id(user_id: UUID) -> UUID:
    """The id of a person's erasure, as its event names it: there is one at most."""
    return uuid5(user_id, "erasure")


def valid_email(email: str) -> str:
    """The address without surrounding space. Raises InvalidMember."""
    email = email.strip()
    try:
        if len(email) > EMAIL_LENGTH or len(folded(email)) > EMAIL_LENGTH:
            raise ValidationError("too long")
        validate_email(email)
    except ValidationError as error:
        raise InvalidMember(errors={"email": ["must be an e-mail address"]}) from error
    return email


def valid_name(name: str) -> str:
    """The name without surrounding space. Raises InvalidMember."""
    name = " ".join(name.replace("\x00", "").split())
    if not name or len(name) > NAME_LENGTH or len(folded(name)) > NAME_LENGTH * 2:
        raise InvalidMember(errors={"name": [f"must have 1 to {NAME_LENGTH} characters"]})
    return name
