"""Every error that the domain may raise on purpose. Only `apps.core.api` knows their HTTP status.

    DomainError
    ├── Invalid              the input breaks a rule; the caller can mend it                 422
    ├── Unauthenticated      nobody is signed in, or the credential is no longer good        401
    ├── Forbidden            somebody is, and may not do this                                403
    ├── NotFound             no such thing in this tenant (also when another tenant has it)  404
    ├── Conflict             the state of the thing forbids it                               409
    │   └── Overtaken        somebody else changed it first                                  409
    ├── Gone                 it was there, and is no more                                    410
    ├── PreconditionFailed   the version named in If-Match is not the current one            412
    ├── TooManyRequests      a limit is used up; `retry_after_s` says when to come back       429
    └── Unavailable          a dependency is away; trying again later may work               503

A feature derives its own errors from these and gives each a stable `code`.
"""

from apps.core.errors.kinds import (
    Conflict,
    DomainError,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Overtaken,
    PreconditionFailed,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)

__all__ = [
    "Conflict",
    "DomainError",
    "Forbidden",
    "Gone",
    "Invalid",
    "NotFound",
    "Overtaken",
    "PreconditionFailed",
    "TooManyRequests",
    "Unauthenticated",
    "Unavailable",
]
