"""How sure the provider is of a person: the methods they used (`amr`, RFC 8176) and the level these reach (`acr`).

The levels are NIST SP 800-63B's: "aal1" for one factor, "aal2" for two, or for a passkey that verified its user. A
higher level is good wherever a lower one is asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from apps.core.auth.step_up import AAL1, AAL2

LEVELS = (AAL1, AAL2)  # the weakest first

# RFC 8176 §2: password, one-time password (an authenticator's or a recovery code), proof of a key in hardware, user
# verified by that hardware, several factors. "fed" is not of the RFC: another identity provider has vouched for them.
METHODS = ("pwd", "fed", "otp", "hwk", "user", "mfa")
FIRST = frozenset({"pwd", "fed"})
_SAME_AS = {"recovery": "otp"}
_SECOND = {"otp", "hwk"}


def methods(amr: Iterable[str]) -> tuple[str, ...]:
    """The methods once each, in the order of METHODS, with "mfa" exactly where two factors were used, here or, by the
    word of a provider that is trusted with it, there.

    "recovery" is taken as the one-time password that a recovery code is. Raises ValueError on any other unknown one,
    and where there is none that proves anything.
    """
    given = {_SAME_AS.get(method, method) for method in amr}
    used = given - ({"mfa"} if "fed" not in given else set())
    unknown = sorted(used - set(METHODS))
    if unknown or not used - {"user", "mfa"}:
        raise ValueError(f"no authentication method: {', '.join(unknown) or 'none'}; known are {', '.join(METHODS)}")
    if _has_two_factors(used):
        used.add("mfa")
    return tuple(method for method in METHODS if method in used)


def level(amr: Iterable[str]) -> str:
    """The acr that these methods reach."""
    return AAL2 if _has_two_factors(set(amr)) else AAL1


def _has_two_factors(used: Collection[str]) -> bool:
    return (
        {"hwk", "user"} <= set(used) or {"fed", "mfa"} <= set(used) or bool(FIRST & set(used) and _SECOND & set(used))
    )
