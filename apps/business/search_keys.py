"""Search by the beginning of a text, in a form that an index can serve behind row-level security.

`ilike` and `lower()` are not leak-proof, so PostgreSQL would run them on every row that the policy lets through; a
comparison of stored, normalised text is.
"""

from __future__ import annotations

import unicodedata

from django.db.models import Q

KEY_LENGTH = 200
_AFTER_EVERYTHING = "\U0010ffff"


def search_key(text: str) -> str:
    """The text in lower case, without accents, its white space collapsed; the first 200 characters of that."""
    if text.isascii():  # most are, and then there are no accents
        return " ".join(text.lower().split())[:KEY_LENGTH]
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())[:KEY_LENGTH]


def begins_with(field: str, text: str) -> Q:
    """Rows whose `field` (made by `search_key`, collation "C") begins with the given text."""
    key = search_key(text)
    return Q(**{f"{field}__gte": key, f"{field}__lt": key + _AFTER_EVERYTHING})
