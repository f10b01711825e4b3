"""What is kept of an error that a handler raised. Its words quote what it was about, people's names and addresses too:
they are sealed for everybody whom the event concerns, and read for as long as the keys of all of them are there. Its
kind and where it was raised say nothing of anybody, so that they can be searched and counted.
"""

from __future__ import annotations

import re
import traceback as tracebacks
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from apps.core.crypto.keys import Owner
from apps.core.crypto.sealing import Unreadable
from apps.core.crypto.tokens import encrypt, is_token, opened, subject_of
from apps.core.db import replicas
from apps.core.errors import DomainError
from apps.core.events.definition import definition_named
from apps.core.events.models import DeadLetter

_TEXT_LIMIT = 20_000
_FIELD = re.compile(r"at `(\$[\w.\[\]-]*)`")  # as msgspec tells of it


def blame(failed: DeadLetter, error: Exception, *, using: str) -> None:
    """Note what went wrong with an event whose dead letter lies in this database. Does not save."""
    failed.failed = True
    failed.reason = kind_of(error)
    failed.words = _sealed(failed, "words", f"{type(error).__name__}: {error}", using)
    failed.traceback = _sealed(failed, "traceback", "".join(tracebacks.format_exception(error)), using)


def words_of(failed: DeadLetter) -> str:
    """What the error said; ERASED once somebody of the event is. For those who may repair."""
    return _opened(failed, "words", failed.words)


def traceback_of(failed: DeadLetter) -> str:
    """Where it was raised, and what it said. As `words_of`."""
    return _opened(failed, "traceback", failed.traceback)


def seal_plain(failed: DeadLetter, *, using: str) -> None:
    """What an earlier release has kept in plain, as it is kept now. Does not save."""
    failed.words = _sealed(failed, "words", failed.reason, using)
    failed.reason = failed.reason.partition(":")[0]
    failed.traceback = _sealed(failed, "traceback", failed.traceback, using)


def kind_of(error: Exception) -> str:
    """Class and code of an error, the field that it names, and the place in the code: nothing that a person gave."""
    code = f" {error.code}" if isinstance(error, DomainError) and error.code else ""
    field = _FIELD.search(f"{error} {error.__cause__ or ''}")
    about = f" at {field[1]}" if field else ""
    return f"{type(error).__name__}{code}{about}{_place_of(error)}"


def _place_of(error: Exception) -> str:
    frames = tracebacks.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/apps/" in frame.filename] or frames
    return f" in {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""


def _sealed(failed: DeadLetter, name: str, text: str, database: str) -> str:
    """Once for each of those concerned, one in the other: to read it takes all of their keys."""
    text = text.replace("\x00", "")[-_TEXT_LIMIT:]  # PostgreSQL keeps no NUL, and nobody reads more
    for subject_id in _concerned(failed) if text else []:
        text = encrypt(text, owner=Owner(database, failed.tenant_id, subject_id), place=_place(failed, name))
    return text


def _opened(failed: DeadLetter, name: str, text: str) -> str:
    """As it lies there where it was changed since."""
    plain, database = text, replicas.primary_of(str(failed._state.db))
    for _ in _concerned(failed):
        try:
            plain = opened(plain, database=database, tenant_id=failed.tenant_id, place=_place(failed, name))
        except Unreadable:
            return text
    return plain


def _concerned(failed: DeadLetter) -> list[UUID]:
    """Everybody of whom the event keeps a personal text, by their ids; the tenant where it tells of nobody."""
    definition = definition_named(failed.event_type)
    payload, origin = failed.envelope["payload"], failed.envelope["metadata"].get("origin") or {}
    told = [payload.get(field.wire_name) for field in definition.personal] if definition else []
    tokens = [text for text in _texts([*told, *origin.values()]) if is_token(text)]
    return sorted({subject_of(token) for token in tokens}) or [failed.tenant_id]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)


def _place(failed: DeadLetter, name: str) -> str:
    return f"dead letter {failed.event_id} {failed.group} {name}"
