"""The kinds of domain error. The tree is drawn in the package's docstring."""

from __future__ import annotations

from typing import Any, ClassVar


class DomainError(Exception):
    """Something the domain refuses. `detail` is for people, `code` for programs, `extra` for both.

    `extra` holds JSON-able values and becomes extension members of the problem document (RFC 9457 §3.2).
    """

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "The request could not be carried out"

    def __init__(self, detail: object = "", **extra: Any) -> None:
        self.detail = str(detail) or self.default_detail()
        self.extra = extra
        super().__init__(self.detail)

    @classmethod
    def default_detail(cls) -> str:
        """The first line of the class's docstring, without its full stop."""
        return (cls.__doc__ or cls.title).strip().splitlines()[0].rstrip(".")


class Invalid(DomainError):
    """The input breaks a rule. `errors` maps a field's name to what is wrong with it."""

    code = "invalid"
    title = "The input is not valid"

    def __init__(self, detail: object = "", *, errors: dict[str, list[str]] | None = None, **extra: Any) -> None:
        self.errors = errors or {}
        detail = detail or "; ".join(f"{field}: {', '.join(texts)}" for field, texts in self.errors.items())
        super().__init__(detail, **({"errors": self.errors} if self.errors else {}), **extra)


class Unauthenticated(DomainError):
    """Sign in, or present a valid access token."""

    code = "unauthenticated"
    title = "Authentication is needed"


class Forbidden(DomainError):
    """The caller may not do this."""

    code = "forbidden"
    title = "Not allowed"


class NotFound(DomainError):
    """There is no such thing here."""

    code = "not_found"
    title = "Not found"


class Conflict(DomainError):
    """The present state forbids it."""

    code = "conflict"
    title = "In conflict with the present state"


class Overtaken(Conflict):
    """Somebody else changed it first: read it again and repeat."""

    code = "overtaken"
    title = "Changed by somebody else"


class Gone(DomainError):
    """It was there, and is no more."""

    code = "gone"
    title = "No longer there"


class PreconditionFailed(DomainError):
    """The version named in If-Match is not the current one: read it again and repeat."""

    code = "precondition_failed"
    title = "Precondition failed"


class TooManyRequests(DomainError):
    """A limit is used up."""

    code = "too_many_requests"
    title = "Too many requests"

    def __init__(self, detail: object = "", *, retry_after_s: int = 1, **extra: Any) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(detail, **extra)


class Unavailable(DomainError):
    """A part that is needed is away: try again in a moment."""

    code = "unavailable"
    title = "Temporarily unavailable"

    def __init__(self, detail: object = "", *, retry_after_s: int = 1, **extra: Any) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(detail, **extra)
