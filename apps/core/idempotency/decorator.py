"""`@idempotent(Order)` on a view's `post`: the key, the effect and the stored answer are one transaction.

After the draft "The Idempotency-Key HTTP Header Field" (IETF httpapi), with one difference: a second request that
comes while the first is under way waits for it and gets its answer, instead of an error at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

import msgspec
from django.db import models
from django.db.transaction import atomic
from rest_framework.response import Response

from apps.core.db.router import alias_for
from apps.core.idempotency.errors import KeyMalformed
from apps.core.idempotency.ledger import Claim, Stored

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST_KEY = 200
_KEPT_HEADERS = ("Location", "ETag")

Post = Callable[..., Response]


class _NotStored(Exception):
    def __init__(self, response: Response) -> None:
        self.response = response


def idempotent(using: type[models.Model]) -> Callable[[Post], Post]:
    """Do a POST once for each `Idempotency-Key` of its sender; without the header nothing changes.

    Opens a transaction on the database that owns `using`. A 2xx answer is stored with the effect, and replayed with
    `Idempotency-Replayed: true`; any error undoes both, so the key can be used again. Raises KeyMalformed, KeyReused
    (same key, other request) and KeyInUse (the first one has not ended within the lock timeout).
    """

    def decorate(post: Post) -> Post:
        @wraps(post)
        def once(view: Any, request: Any, *args: Any, **kwargs: Any) -> Response:
            key = request.headers.get(HEADER)
            principal = getattr(request, "principal", None)
            if key is None or principal is None:
                return post(view, request, *args, **kwargs)
            claim = _claim(request, principal.subject, key, alias_for(using))
            return _once(claim, lambda: post(view, request, *args, **kwargs))

        once.idempotent = True  # type: ignore[attr-defined]  # for the schema
        return once

    return decorate


def _once(claim: Claim, post: Callable[[], Response]) -> Response:
    try:
        with atomic(using=claim.alias):
            stored = claim.make()
            if stored is not None:
                return _replayed(stored)
            response = post()
            if not 200 <= response.status_code < 300:
                raise _NotStored(response)
            claim.settle(Stored(response.status_code, _encoded(response)))
            return response
    except _NotStored as unfinished:
        return unfinished.response


def _claim(request: Any, subject: Any, key: str, alias: str) -> Claim:
    if not (1 <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise KeyMalformed
    route = request.resolver_match.route if request.resolver_match else request.path
    return Claim(
        alias=alias,
        subject=subject,
        operation=f"{request.method} {route}"[:200],
        key=key,
        request_hash=_hash_of(request),
    )


def _hash_of(request: Any) -> str:
    """Two bodies that mean the same are the same, however their members are ordered or spaced."""
    meaning = [request.path, sorted(request.GET.lists()), request.data]
    return hashlib.sha256(msgspec.json.encode(meaning, enc_hook=str, order="deterministic")).hexdigest()


def _encoded(response: Any) -> str:
    headers = {name: response[name] for name in _KEPT_HEADERS if response.has_header(name)}
    content = {"data": response.data, "meta": getattr(response, "meta", {}), "headers": headers}
    return msgspec.json.encode(content, enc_hook=str).decode()


def _replayed(stored: Stored) -> Response:
    content = msgspec.json.decode(stored.body)
    response = Response(content["data"], status=stored.status, headers={**content["headers"], REPLAYED: "true"})
    response.meta = content["meta"]  # type: ignore[attr-defined]  # the renderer puts it into the envelope
    return response
