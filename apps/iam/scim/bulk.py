"""Several operations in one request, which may refer to what others of them make (RFC 7644 §3.7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scim2_models import ConflictException, InvalidPathException, InvalidSyntaxException, InvalidValueException

_REFERENCE = re.compile(r"bulkId:([^/\s\"]+)")
_METHODS = ("POST", "PUT", "PATCH", "DELETE")

Perform = Callable[["Operation"], dict[str, Any]]
"""Carries one operation out, in a transaction of its own; returns its part of the answer, errors included."""


@dataclass(slots=True)
class Operation:
    """One operation, whose references are replaced once they are known."""

    method: str
    path: str
    bulk_id: str = ""
    version: str | None = None
    data: Any = None
    refused: Exception | None = None

    @property
    def references(self) -> set[str]:
        """The operations whose results it needs."""
        return {*_REFERENCE.findall(self.path), *_found(self.data)}

    def resolve(self, made: Mapping[str, str]) -> None:
        """Put ids in the place of references."""
        self.path, self.data = _resolved(self.path, made), _resolved(self.data, made)


@dataclass(slots=True)
class Job:
    """The operations of one request, carried out in their order, but for those that wait for what comes later."""

    operations: list[Operation]
    fail_on_errors: int | None = None
    made: dict[str, str] = field(default_factory=dict)
    results: list[dict[str, Any]] = field(default_factory=list)
    errors: int = 0

    def run(self, perform: Perform, refuse: Callable[[Operation, Exception], dict[str, Any]]) -> list[dict[str, Any]]:
        """The results of all that was attempted: `failOnErrors` ends the job early."""
        waiting = list(self.operations)
        while waiting and not self.is_over:
            ready = next((one for one in waiting if one.refused or one.references <= set(self.made)), None)
            if ready is None:
                for one in waiting:
                    if not self.is_over:
                        what = ", ".join(sorted(one.references - set(self.made)))
                        self._note(refuse(one, ConflictException(detail=f"bulkId {what} stands for nothing")))
                break
            waiting.remove(ready)
            ready.resolve(self.made)
            result = refuse(ready, ready.refused) if ready.refused else perform(ready)
            if ready.bulk_id and "location" in result and int(result["status"]) < 300:
                self.made[ready.bulk_id] = result["location"].rpartition("/")[2]
            self._note(result)
        return self.results

    @property
    def is_over(self) -> bool:
        return self.fail_on_errors is not None and self.errors >= self.fail_on_errors

    def _note(self, result: dict[str, Any]) -> None:
        self.results.append(result)
        if int(result["status"]) >= 400:
            self.errors += 1


def job_of(data: Mapping[str, Any]) -> Job:
    """What a BulkRequest asks for. Names are compared without case, as everywhere in SCIM.

    Raises InvalidSyntaxException, InvalidValueException. An operation that is not well formed fails alone.
    """
    said = {name.lower(): value for name, value in data.items()}
    operations, limit = said.get("operations"), said.get("failonerrors")
    if not isinstance(operations, list):
        raise InvalidSyntaxException(detail="Operations must be a list")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise InvalidValueException(detail="failOnErrors must be a whole number from 1")
    job = Job([_operation(one) for one in operations], limit)
    known = [one.bulk_id for one in job.operations if one.bulk_id]
    if len(known) != len(set(known)):
        raise InvalidValueException(detail="a bulkId is used more than once")
    return job


def _operation(said: Any) -> Operation:
    facts = {name.lower(): value for name, value in said.items()} if isinstance(said, dict) else {}
    method, path, bulk_id = (str(facts.get(name) or "") for name in ("method", "path", "bulkid"))
    version = facts.get("version")
    found = Operation(method.upper(), path, bulk_id, str(version) if version else None, facts.get("data"))
    if not isinstance(said, dict) or found.method not in _METHODS:
        found.refused = InvalidSyntaxException(detail=f"method must be one of {', '.join(_METHODS)}")
    elif not path:
        found.refused = InvalidPathException(detail="path is missing")
    elif found.method == "POST" and not bulk_id:
        found.refused = InvalidValueException(detail="a POST needs a bulkId")
    elif found.method != "DELETE" and not isinstance(found.data, dict):
        found.refused = InvalidSyntaxException(detail="data must be an object")
    return found


def _found(value: Any) -> set[str]:
    if isinstance(value, str):
        return set(_REFERENCE.findall(value)) if "bulkId:" in value else set()
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {name for child in children for name in _found(child)}


def _resolved(value: Any, made: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: made.get(found[1], found[0]), value) if "bulkId:" in value else value
    if isinstance(value, dict):
        return {name: _resolved(child, made) for name, child in value.items()}
    return [_resolved(child, made) for child in value] if isinstance(value, list) else value
