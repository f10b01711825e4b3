"""A fresh access token for a session, with one refresh however many requests need it.

A refresh token works once: two requests that both used it would look like theft and end the session.
"""

from __future__ import annotations

from prometheus_client import Counter

from apps.core.errors import Unavailable
from apps.core.observability import get_logger
from apps.gateway.bff import leases, refusals, vault
from apps.gateway.bff.errors import ProviderRefused, SignInFailed
from apps.gateway.bff.relying_party import RelyingParty
from apps.gateway.bff.vault import Lease, Tokens

_refreshes = Counter("bff_token_refreshes_total", "Access tokens refreshed for browser sessions.", ["outcome"])
_logger = get_logger("gateway.bff")


def fresh_tokens(vault_id: str) -> Tokens | None:
    """The session's tokens, refreshed if their end is near. None when the session is over.

    Raises ProviderUnavailable or SessionsUnavailable when that cannot be found out and the old ones no longer serve.
    """
    tokens = vault.read(vault_id)
    if tokens is None or not tokens.is_near_expiry():
        return tokens
    with leases.alone(f"bff.refresh.{vault_id}") as lease:
        current = vault.read(vault_id)
        if current is None or current.access_token != tokens.access_token:
            return current  # somebody signed out, or refreshed while we waited
        if lease is None:
            return _still_usable(current, Unavailable("another request is still refreshing this session"))
        return _refreshed(vault_id, current, lease)


def _refreshed(vault_id: str, tokens: Tokens, lease: Lease) -> Tokens | None:
    try:
        newer = RelyingParty().refresh(tokens)
    except (ProviderRefused, SignInFailed) as error:
        return _ended(vault_id, tokens, error) if vault.is_held(lease) else _of_another(vault_id)
    except Unavailable as error:
        _refreshes.labels("unavailable").inc()
        return _still_usable(tokens, error)
    _refreshes.labels("done").inc()
    return newer if vault.replace(vault_id, newer, lease) else _of_another(vault_id)


def _ended(vault_id: str, tokens: Tokens, error: ProviderRefused | SignInFailed) -> None:
    vault.forget(vault_id)
    _refreshes.labels("refused").inc()
    _logger.info("session ended: its refresh was refused", reason=str(error), sid=tokens.sid)
    if not (isinstance(error, ProviderRefused) and error.is_recorded):
        refusals.tell_of_refused_refresh(tokens, reason=str(error))


def _of_another(vault_id: str) -> Tokens | None:
    """What there is after our lease was lost: another request decides; or nothing, since somebody signed out."""
    current = vault.read(vault_id)
    return current and _still_usable(current, Unavailable("another request has taken over this refresh"))


def _still_usable(tokens: Tokens, otherwise: Unavailable) -> Tokens:
    if tokens.is_usable():
        return tokens
    raise otherwise
