"""How records hang together: each names the hash of the one before it, and its own hash covers that name.

A hash is SHA-256 over the record in canonical JSON: members sorted by name, no space, UTF-8, times in UTC with six
digits, no numbers but whole ones (for these, RFC 8785). So whoever holds an export can check it with nothing but a
JSON library. The head of each chain is sealed with a key that the database does not hold: whoever can write every
table, but does not know SECRET_KEY, cannot make a head.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import msgspec

from apps.core.crypto.sealing import Unreadable, seal, unseal

if TYPE_CHECKING:
    from apps.iam.audit.models import SecurityChain, SecurityRecord

FORMAT = 1
NO_HASH = "0" * 64
_PURPOSE = "security log head"
_COPIED = (
    *("sequence", "kind", "outcome", "actor_kind", "actor_name", "impersonator_name", "address", "user_agent"),
    *("session_id", "reason", "details", "trace_id", "previous_hash"),
)


def content_of(record: SecurityRecord) -> dict[str, Any]:
    """The record as it is hashed and exported, without its hash."""
    ids: dict[str, UUID | None] = {
        "id": record.event_id,
        "tenant_id": record.tenant_id,
        "subject_id": record.subject_id,
    }
    ids |= {"actor_id": record.actor_id, "impersonator_id": record.impersonator_id}
    return {
        "format": FORMAT,
        **{name: getattr(record, name) for name in _COPIED},
        **{name: str(value) if value else None for name, value in ids.items()},
        "at": moment_text(record.at),
        "recorded_at": moment_text(record.recorded_at),
    }


def hash_of(content: Mapping[str, Any]) -> str:
    """64 hex digits. Raises ValueError for what is no JSON."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def log_id(tenant_id: UUID) -> UUID:
    """The id of a tenant's security log, as events about the log itself name it."""
    return uuid5(tenant_id, "security log")


def moment_text(at: datetime) -> str:
    """`2026-11-23T14:05:00.000000Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


@dataclass(frozen=True, slots=True)
class HeadState:
    """What the seal of a head vouches for: where the chain ends and where it begins.

    `base_*` is the last record that retention took away; `broken_after` is where it was noticed, while appending, that
    somebody else had written the head (-1: never).
    """

    sequence: int = 0
    hash: str = NO_HASH
    base_sequence: int = 0
    base_hash: str = NO_HASH
    broken_after: int = -1


def sealed(state: HeadState, *, tenant_id: UUID) -> bytes:
    """The state, for the head's row. It opens for this chain only."""
    return seal(msgspec.json.encode(asdict(state)), purpose=_PURPOSE, place=str(tenant_id))


def state_of(head: SecurityChain) -> HeadState | None:
    """What the seal says, where the row says the same; None when one of the two is not what we wrote."""
    try:
        content = unseal(bytes(head.seal), purpose=_PURPOSE, place=str(head.tenant_id))
        state = msgspec.json.decode(content, type=HeadState)
    except (Unreadable, msgspec.DecodeError):
        return None
    row = (head.sequence, head.hash, head.base_sequence, head.base_hash)
    return state if row == (state.sequence, state.hash, state.base_sequence, state.base_hash) else None
