"""Signed statements of where a chain ended at some moment, to be kept where the database's masters cannot write.

A chain that was rewritten as a whole looks whole; held against an older checkpoint it does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.crypto.signing import NotSigned, public_keys, sign, signed
from apps.iam.audit.chain import moment_text

_PURPOSE = "security log"
_JWS = re.compile(r"[\w-]+\.[\w-]+\.[\w-]{86}(?![\w-])")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """At `at` the chain of the tenant ended with this record. `export` describes the file that it closes, if any."""

    tenant_id: UUID
    sequence: int
    hash: str
    at: str
    export: Mapping[str, Any] | None = None


def signed_checkpoint(
    *, tenant_id: UUID, sequence: int, hash: str, now: datetime, export: Mapping[str, Any] | None = None
) -> str:
    """A checkpoint as one word of text (a compact JWS)."""
    statement = {"tenant_id": str(tenant_id), "sequence": sequence, "hash": hash, "at": moment_text(now)}
    return sign({**statement, **({"export": export} if export is not None else {})}, purpose=_PURPOSE)


def read_checkpoint(text: str, *, keys: Sequence[Mapping[str, Any]] | None = None) -> Checkpoint:
    """The checkpoint, if one of the keys signed it (public JWKs; ours when left out). Raises NotSigned."""
    said = signed(text, purpose=_PURPOSE, keys=keys)
    try:
        return Checkpoint(UUID(said["tenant_id"]), int(said["sequence"]), said["hash"], said["at"], said.get("export"))
    except (KeyError, TypeError, ValueError) as error:
        raise NotSigned("signed, but no checkpoint") from error


def checkpoints_in(lines: Iterable[str]) -> Iterator[str]:
    """Every word that looks like a checkpoint: in a file of them, in log lines, in the JSON of an answer."""
    for line in lines:
        yield from _JWS.findall(line)


def checking_keys() -> list[dict[str, Any]]:
    """The public keys that checkpoints are checked with."""
    return public_keys(_PURPOSE)
