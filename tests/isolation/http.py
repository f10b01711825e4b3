"""Random calls of every endpoint and page by random people of both tenants, with ids of both.

A leak is: an id or a name of the other tenant in an answer, a success that names the other tenant's id, or a change to
anything of the other tenant's. An answer of 500 is recorded as well: no input may do that.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpResponseBase

from apps.core.auth import SYSTEM_ROLES
from tests.callers import Caller
from tests.isolation.leaks import Ground, Leak, foreign_ids
from tests.routes import routes

CALLS_IN_A_ROW = 8  # of people of one tenant, on average: then the other one's rows are looked at anew


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that may be asked: a method and a path with `{names}`, and the schema of its body."""

    method: str
    path: str
    body: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Possessions:
    """What a tenant had at a time: the versions of its rows and their checksums, by database and table."""

    versions: dict[str, dict[str, str]] = field(compare=False)
    checksums: dict[str, dict[str, str]]


@dataclass(slots=True)
class World:
    """Two tenants with everything in them, and the people who ask."""

    tenants: tuple[UUID, UUID]
    names: dict[UUID, str]
    callers: dict[tuple[UUID, str], Caller]
    grounds: list[Ground]

    def ids_of(self, tenant_id: UUID) -> list[str]:
        return [i for g in self.grounds for i, owner in g.owners.items() if owner == str(tenant_id)]

    def digest(self, tenant_id: UUID, *, known: Possessions | None = None) -> Possessions:
        """What a tenant has; `known`, if that is still so."""
        versions = {ground.alias: ground.versions(tenant_id) for ground in self.grounds}
        if known is not None and known.versions == versions:
            return known
        return Possessions(versions, {ground.alias: ground.digest(tenant_id) for ground in self.grounds})


def operations() -> tuple[list[Operation], dict[str, Any]]:
    """Every operation of the API as its own schema lists it, the console's pages, and the schema's components."""
    from drf_spectacular.generators import SchemaGenerator

    schema = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))
    found = [
        Operation(method, path, _body(details))
        for path, methods in schema["paths"].items()
        for method, details in methods.items()
    ]
    found += [Operation(route.method.lower(), route.path, None) for route in routes() if route.is_page]
    return found, schema["components"]["schemas"]


def _body(details: dict[str, Any]) -> dict[str, Any] | None:
    content = details.get("requestBody", {}).get("content", {})
    body: dict[str, Any] | None = content.get("application/json", {}).get("schema")
    return body


@dataclass(slots=True)
class HttpFuzzer:
    """`run` makes random calls; leaks and faults are recorded, never raised."""

    world: World
    seed: int
    leaks: list[Leak] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)
    step: int = 0

    def run(self, steps: int, *, about: str = "", until_found: frozenset[str] = frozenset()) -> list[Leak]:
        """Everything that leaked in so many calls, of paths with `about` in them; `until_found` ends it at the first
        leak of such a kind.
        """
        dice = random.Random(self.seed)
        found, components = operations()
        known = [operation for operation in found if about in operation.path]
        rounds = [operation for _ in range(steps // len(known) + 1) for operation in dice.sample(known, len(known))]
        mine, other = self.world.tenants
        before = self.world.digest(other)
        for self.step, operation in enumerate(rounds[:steps]):
            if dice.random() < 1 / CALLS_IN_A_ROW:
                mine, other = other, mine
                before = self.world.digest(other)
            self.call(dice, operation, components, mine)
            before = self.compared(before, other, operation)  # reads too: a refusal is told in the security log
            if any(leak.kind in until_found for leak in self.leaks):
                break
        return self.leaks

    def call(self, dice: random.Random, operation: Operation, components: dict[str, Any], mine: UUID) -> None:
        caller = self.world.callers[mine, dice.choice(SYSTEM_ROLES)]
        other = next(t for t in self.world.tenants if t != mine)
        bag = Bag(dice, self.world.ids_of(mine), self.world.ids_of(other))
        path = fill_path(operation.path, bag)
        body = fill(operation.body, components, bag) if operation.body else None
        client = caller.client()
        client.raise_request_exception = False
        send = getattr(client, operation.method)
        content = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
        response = send(path, **content)
        self.answers[response.status_code] = self.answers.get(response.status_code, 0) + 1
        self.judge(operation, path, response, mine, other, bag)

    def judge(
        self, operation: Operation, path: str, response: HttpResponseBase, mine: UUID, other: UUID, bag: Bag
    ) -> None:
        text = b"".join(getattr(response, "streaming_content", None) or [response.content]).decode(errors="replace")
        if operation.method != "get":
            for ground in self.world.grounds:
                ground.learn()
        foreign = foreign_ids(text, mine, self.world.grounds, said=bag.said)
        what = f"{operation.method.upper()} {path} answered {response.status_code}"
        if foreign or self.world.names[other] in text:
            self.record("foreign data", f"{what} with {sorted(foreign) or self.world.names[other]}")
        if response.status_code < 300 and bag.foreign:
            self.record("foreign reference", f"{what} although it named {sorted(bag.foreign)}")
        if response.status_code >= 500:
            self.record("fault", f"{what}: {text[:200]}")

    def compared(self, before: Possessions, other: UUID, operation: Operation) -> Possessions:
        """The other tenant's rows are what they were; our own may well have changed. Returns how they are now."""
        now = self.world.digest(other, known=before)
        if now != before:
            was, found = before.checksums, now.checksums
            changed = [table for alias in found for table in found[alias] if found[alias][table] != was[alias][table]]
            self.record("foreign write", f"{operation.method.upper()} {operation.path} changed {changed}")
        return now

    def record(self, kind: str, what: str) -> None:
        self.leaks.append(Leak(kind, what, self.seed, self.step))


@dataclass(slots=True)
class Bag:
    """Draws ids of one's own, of the other tenant, and of nobody; remembers what was said."""

    dice: random.Random
    mine: list[str]
    other: list[str]
    said: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)

    def draw(self) -> str:
        kind = self.dice.random()
        drawn = str(uuid4())
        if kind < 0.45 and self.mine:
            drawn = self.dice.choice(self.mine)
        elif kind < 0.9 and self.other:
            drawn = self.dice.choice(self.other)
            self.foreign.add(drawn)
        self.said.add(drawn)
        return drawn


def fill_path(path: str, bag: Bag) -> str:
    """Put ids in the place of `{names}`."""
    head, brace, rest = path.partition("{")
    while brace:
        _, _, tail = rest.partition("}")
        head, brace, rest = (head + bag.draw() + tail).partition("{")
    return head


def fill(schema: dict[str, Any], components: dict[str, Any], bag: Bag) -> Any:
    """A value that mostly fits a JSON schema, with ids of both tenants where ids belong."""
    if "$ref" in schema:
        return fill(components[schema["$ref"].rpartition("/")[2]], components, bag)
    if "allOf" in schema or "oneOf" in schema:
        return fill((schema.get("allOf") or schema["oneOf"])[0], components, bag)
    if "enum" in schema:
        return bag.dice.choice(schema["enum"])
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        required = schema.get("required", [])
        properties = schema.get("properties", {})
        return {n: fill(s, components, bag) for n, s in properties.items() if n in required or bag.dice.random() < 0.5}
    if kind == "array":
        return [fill(schema["items"], components, bag) for _ in range(bag.dice.randint(1, 2))]
    return _scalar(schema, kind, bag)


def _scalar(schema: dict[str, Any], kind: str | None, bag: Bag) -> Any:
    dice = bag.dice
    if kind == "integer":
        return dice.choice([1, 2, 3, schema.get("minimum", 0), -1])
    if kind == "number":
        return dice.choice([1, 2.5])
    if kind == "boolean":
        return dice.random() < 0.5
    formats = {
        "uuid": bag.draw,
        "email": lambda: f"{uuid4().hex[:8]}@example.test",
        "date-time": lambda: "2026-01-02T03:04:05Z",
        "date": lambda: "2026-01-02",
        "decimal": lambda: "2.50",
    }
    made = formats.get(schema.get("format", ""), lambda: dice.choice(["EUR", "viewer", f"text {uuid4().hex[:6]}", "1"]))
    return made()
