"""The relying party's side of WebAuthn ceremonies, on python-fido2. Knows no database: keys and counters come in.

Always: user verification required, discoverable credentials, no attestation, exactly our origin.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationConveyancePreference,
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

# ES256 and EdDSA, and RS256 for Windows Hello (RFC 9053 §2, RFC 8812 §2); COSE labels, the best first.
_ALGORITHMS = (-7, -8, -257)
_TIMEOUT_MS = 300_000
_REQUIRED = UserVerificationRequirement.REQUIRED
_TRANSPORTS = {transport.value for transport in AuthenticatorTransport}
# What python-fido2 raises for input that is malformed or does not verify.
MALFORMED = (ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, OverflowError)


class Refused(Exception):
    """The answer does not prove what it should; the text says why, for the log."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A new credential, as its authenticator described it."""

    credential_id: bytes
    public_key: bytes
    aaguid: UUID
    sign_count: int
    transports: list[str]
    is_synced: bool


@dataclass(frozen=True, slots=True)
class Known:
    """A credential as it is kept."""

    credential_id: bytes
    public_key: bytes
    transports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asserted:
    """A verified assertion: the authenticator's counter, and whether the key is backed up elsewhere."""

    sign_count: int
    is_synced: bool


def rp_id() -> str:
    """The relying party: the host of BASE_URL, or a domain above it that PASSKEY_RP_ID names."""
    return str(settings.PASSKEY_RP_ID or urlsplit(settings.BASE_URL).hostname or "")


def is_available() -> bool:
    """False where browsers have no passkeys: at an IP address, or without TLS anywhere but on localhost."""
    url, domain = urlsplit(settings.BASE_URL), rp_id()
    host = url.hostname or ""
    if _is_address(host) or not (host == domain or host.endswith(f".{domain}")):
        return False
    return url.scheme == "https" or host == "localhost" or host.endswith(".localhost")


def registration_options(
    *, challenge: bytes, handle: bytes, account: str, display_name: str, existing: Iterable[Known]
) -> dict[str, Any]:
    """PublicKeyCredentialCreationOptionsJSON (WebAuthn §5.1.8): authenticators that hold one of `existing` decline."""
    options, _ = _server().register_begin(
        PublicKeyCredentialUserEntity(id=handle, name=account, display_name=display_name),
        credentials=[_descriptor(known) for known in existing],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=_REQUIRED,
        challenge=challenge,
        extensions={"credProps": True},
    )
    return dict(_jsonable(options)["publicKey"])


def verify_registration(answer: Any, *, challenge: bytes) -> Registered:
    """The credential in a RegistrationResponseJSON (WebAuthn §7.1). Raises Refused."""
    try:
        parsed = RegistrationResponse.from_dict(answer)
        _refuse_frame(parsed)
        data = _server().register_complete(_state(challenge), parsed)
        credential = data.credential_data
        if credential is None or credential.public_key.get(3) not in _ALGORITHMS:
            raise ValueError("there is no credential, or of an algorithm that was not offered")
        transports = [str(name) for name in (answer["response"].get("transports") or []) if name in _TRANSPORTS]
    except MALFORMED as error:
        raise Refused(str(error)) from error
    return Registered(
        credential_id=bytes(credential.credential_id),
        public_key=cbor.encode(dict(credential.public_key)),
        aaguid=UUID(bytes=bytes(credential.aaguid)),
        sign_count=data.counter,
        transports=transports,
        is_synced=_is_synced(data),
    )


def authentication_options(*, challenge: bytes, allowed: Iterable[Known] = ()) -> dict[str, Any]:
    """PublicKeyCredentialRequestOptionsJSON (WebAuthn §5.1.10). Without `allowed` the person picks any passkey."""
    options, _ = _server().authenticate_begin(
        credentials=[_descriptor(known) for known in allowed] or None,
        user_verification=_REQUIRED,
        challenge=challenge,
    )
    return dict(_jsonable(options)["publicKey"])


def credential_id_in(answer: Any) -> bytes:
    """Which credential an AuthenticationResponseJSON is of. Raises Refused."""
    try:
        return bytes(AuthenticationResponse.from_dict(answer).raw_id)
    except MALFORMED as error:
        raise Refused(str(error)) from error


def handle_in(answer: Any) -> bytes | None:
    """The person's handle, which a discoverable credential sends along. Raises Refused."""
    try:
        handle = AuthenticationResponse.from_dict(answer).response.user_handle
    except MALFORMED as error:
        raise Refused(str(error)) from error
    return bytes(handle) if handle else None


def verify_authentication(answer: Any, *, challenge: bytes, known: Known) -> Asserted:
    """What an AuthenticationResponseJSON proves (WebAuthn §7.2); callers judge the counter. Raises Refused."""
    try:
        parsed = AuthenticationResponse.from_dict(answer)
        credential = AttestedCredentialData.create(
            Aaguid(bytes(16)), known.credential_id, CoseKey.parse(cast(Any, cbor.decode(known.public_key)))
        )
        _refuse_frame(parsed)
        _server().authenticate_complete(_state(challenge), [credential], parsed)
        data = parsed.response.authenticator_data
    except MALFORMED as error:
        raise Refused(str(error)) from error
    return Asserted(sign_count=data.counter, is_synced=_is_synced(data))


def _server() -> Any:
    server: Any = Fido2Server(
        PublicKeyCredentialRpEntity(name=settings.PASSKEY_RP_NAME, id=rp_id()),
        attestation=AttestationConveyancePreference.NONE,
        # Exactly ours: the library would take any subdomain of the relying party.
        verify_origin=lambda origin: origin == _own_origin(),
    )
    server.timeout = _TIMEOUT_MS
    server.allowed_algorithms = [one for one in server.allowed_algorithms if one.alg in _ALGORITHMS]
    return server


def _own_origin() -> str:
    url = urlsplit(settings.BASE_URL)
    return f"{url.scheme}://{url.netloc}"


def _state(challenge: bytes) -> dict[str, Any]:
    """What the library would have had us keep in a session."""
    return {"challenge": websafe_encode(challenge), "user_verification": _REQUIRED}


def _descriptor(known: Known) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(
        type=PublicKeyCredentialType.PUBLIC_KEY,
        id=known.credential_id,
        transports=[AuthenticatorTransport(name) for name in known.transports if name in _TRANSPORTS] or None,
    )


def _jsonable(options: Any) -> dict[str, Any]:
    """Plain values, as browsers' `parse…OptionsFromJSON` take them."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(options)))
    return plain


def _refuse_frame(answer: Any) -> None:
    """Our pages are in nobody's frame (WebAuthn §7.1, step 10)."""
    if answer.response.client_data.cross_origin:
        raise ValueError("the answer comes from a frame of another origin")


def _is_synced(data: AuthenticatorData) -> bool:
    return bool(data.flags & AuthenticatorData.FLAG.BS)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
