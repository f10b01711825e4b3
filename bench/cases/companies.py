"""Whether identity and access cost the same with 1,200 companies as with ten: the weakness that Keycloak is known for.

BENCH_TENANTS (1200), BENCH_PEOPLE (834 in each) and BENCH_SAMPLES (100 a round) make it smaller; the other database has
ten companies of the same kind. Requests run through Django in this process: no web server, no edge, one at a time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client
from django.utils import timezone

from apps.core.api.cursors import Cursor
from apps.core.tenancy import tenant
from apps.iam.access import queries as access
from apps.iam.facade import iam
from apps.iam.oidc import keys
from bench.companies import PASSWORD, Companies, Person, Size, companies
from bench.harness import Bench

FEW = 10
LIMIT = 1.2
TOKENS = 100
PERMISSION = "users.view"
_WARM_UP = 25
_DEEP = ("rosa", UUID(int=0))
Sample = Callable[[], Mapping[str, float]]


def run(bench: Bench) -> None:
    people = int(os.environ.get("BENCH_PEOPLE", 834))
    samples = int(os.environ.get("BENCH_SAMPLES", 100))
    compare(bench, Size(FEW, people), Size(int(os.environ.get("BENCH_TENANTS", 1200)), people), samples=samples)


def compare(bench: Bench, few: Size, many: Size, *, samples: int) -> None:
    """Fill both sizes and hand in a table for each thing that is measured."""
    with companies({"few": few, "many": many}) as databases:
        _latencies(bench, databases, _decision, "Decisions", samples, note=_OF_DECISIONS)
        _latencies(bench, databases, _people, "People: GET /api/v1/users, 50 rows", samples)
        with _argon2_timed() as hashing:
            _latencies(bench, databases, _sign_in(hashing), "Sign-in: POST /sign-in/", max(samples // 2, 1))
        _latencies(bench, databases, _token, "Tokens: POST /oidc/token, client credentials", samples)
        bench.compare(
            "The same, as many as one process makes",
            "tokens",
            {_title(one): _tokens(one, min(TOKENS, samples)) for one in databases},
            limit=LIMIT,
        )


_OF_DECISIONS = "About anybody, from the claims of an access token to yes or no; again; once the caller is known."


def _latencies(
    bench: Bench, databases: list[Companies], measure: Callable[[Companies], Sample], title: str, samples: int, note=""
) -> None:
    candidates = {_title(one): measure(one) for one in databases}
    for _ in range(min(_WARM_UP, samples)):
        for sample in candidates.values():
            sample()
    bench.latencies(title, candidates, samples=samples, note=note, limit=LIMIT)


def _title(database: Companies) -> str:
    return f"{database.size.companies:,} companies"


def _decision(database: Companies) -> Sample:
    def sample() -> Mapping[str, float]:
        person = database.manager()
        claims = _claims(person)
        with database.inside():
            taken = {
                "caller unknown": _seconds(lambda: _decide(claims)),
                "again": _seconds(lambda: _decide(claims)),
            }
            principal = iam.principal(claims=claims)
            with tenant(person.tenant_id):
                taken["caller known"] = _seconds(lambda: principal.may(PERMISSION))
                subject = access.subject_named(str(person.id))
                now = timezone.now()
                taken["explained"] = _seconds(lambda: access.explained(subject, PERMISSION, None, now=now))
        return taken

    return sample


def _decide(claims: dict[str, Any]) -> None:
    principal = iam.principal(claims=claims)
    with tenant(principal.tenant_id):
        assert principal.may(PERMISSION)


def _people(database: Companies) -> Sample:
    lists = {
        "first page": {},
        "name or address begins with…": {"q": "mar"},
        "holders of a role": {"role": "role-3"},
        "deep page": {"cursor": Cursor(_encodable(_DEEP)).encoded(("name_key", "id"))},
    }

    def sample() -> Mapping[str, float]:
        person = database.manager()
        with database.inside():
            client = Client(headers={"authorization": f"Bearer {_access_token(person)}", "accept": "application/json"})
            return {name: _seconds(lambda wanted=wanted: _listed(client, wanted)) for name, wanted in lists.items()}

    return sample


def _listed(client: Client, wanted: Mapping[str, str]) -> None:
    response = client.get("/api/v1/users", wanted)
    assert response.status_code == 200, response.content
    assert response.json()["data"], wanted


def _sign_in(hashing: list[float]) -> Callable[[Companies], Sample]:
    def measure(database: Companies) -> Sample:
        def sample() -> Mapping[str, float]:
            form = {"email": database.newcomer().email, "password": PASSWORD}
            hashing.clear()
            with database.inside():
                whole = _seconds(lambda: _signed_in(form))
            return {"as people see it": whole, "without argon2": whole - sum(hashing)}

        return sample

    return measure


def _signed_in(form: Mapping[str, str]) -> None:
    response = Client().post("/sign-in/", form)
    assert response.status_code == 302, response.content


def _token(database: Companies) -> Sample:
    def sample() -> Mapping[str, float]:
        with database.inside():
            return {"a token": _seconds(lambda: _granted(*database.program()))}

    return sample


def _tokens(database: Companies, count: int) -> Callable[[], int]:
    def work() -> int:
        with database.inside():
            for _ in range(count):
                _granted(*database.program())
        return count

    return work


def _granted(client_id: str, secret: str) -> None:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    response = Client().post("/oidc/token", form)
    assert response.status_code == 200, response.content


def _access_token(person: Person) -> str:
    return keys.signed(_claims(person), typ="at+jwt")


def _claims(person: Person) -> dict[str, Any]:
    """What the provider says of somebody who signed in by way of the gateway."""
    now = int(time.time())
    return {
        "iss": settings.OIDC_ISSUER,
        "aud": settings.ACCESS_TOKEN_AUDIENCE,
        "sub": str(person.id),
        "client_id": settings.OIDC_RP_CLIENT_ID,
        "tenant": str(person.tenant_id),
        "sid": str(person.session_id),
        "iat": now,
        "exp": now + settings.ACCESS_TOKEN_LIFETIME_S,
        "jti": str(uuid4()),
        "scope": "openid profile email api",
        "acr": "aal1",
        "amr": ["pwd"],
        "auth_time": now,
    }


@contextmanager
def _argon2_timed() -> Iterator[list[float]]:
    """The seconds of each verification of a password in the block."""
    taken: list[float] = []
    verify = Argon2PasswordHasher.verify

    def timed(hasher: Any, password: str, encoded: str) -> bool:
        begun = time.perf_counter()
        try:
            return verify(hasher, password, encoded)
        finally:
            taken.append(time.perf_counter() - begun)

    Argon2PasswordHasher.verify = timed
    try:
        yield taken
    finally:
        Argon2PasswordHasher.verify = verify


def _encodable(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(str(value) for value in values)


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
