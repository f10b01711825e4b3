"""An authenticator made of software, with a browser around it: answers options as WebAuthn §6 and §5 say."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

FLAG = AuthenticatorData.FLAG
ORIGIN = "https://platform.example"


@dataclass
class Credential:
    id: bytes
    key: Any
    rp_id: str
    handle: bytes
    sign_count: int = 0


@dataclass
class SoftwareAuthenticator:
    """`origin` is where its browser is; `verifies` says whether it asks for a finger; `counts` whether it counts."""

    origin: str = ORIGIN
    verifies: bool = True
    counts: bool = True
    credentials: list[Credential] = field(default_factory=list)

    def create(self, options: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """RegistrationResponseJSON for PublicKeyCredentialCreationOptionsJSON. `lies`: rp_id, type, challenge."""
        made = Credential(
            id=secrets.token_bytes(32),
            key=ec.generate_private_key(ec.SECP256R1()),
            rp_id=options["rp"]["id"],
            handle=websafe_decode(options["user"]["id"]),
        )
        self.credentials.append(made)
        attested = AttestedCredentialData.create(
            Aaguid(bytes(16)), made.id, ES256.from_cryptography_key(made.key.public_key())
        )
        data = self._data(made, FLAG.AT, attested, **lies)
        response = {
            "clientDataJSON": websafe_encode(self._client_data("webauthn.create", options, **lies)),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
            "transports": ["internal"],
        }
        return self._public_key(made, response)

    def get(self, options: dict[str, Any], credential: Credential | None = None, **lies: Any) -> dict[str, Any]:
        """AuthenticationResponseJSON for PublicKeyCredentialRequestOptionsJSON. `lies`: also handle, sign_count."""
        used = credential or self.credentials[-1]
        data = self._data(used, FLAG(0), b"", **lies)
        client_data = self._client_data("webauthn.get", options, **lies)
        signed = bytes(data) + hashlib.sha256(client_data).digest()
        response = {
            "clientDataJSON": websafe_encode(client_data),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(used.key.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": websafe_encode(lies.get("handle", used.handle)),
        }
        return self._public_key(used, response)

    def _data(self, used: Credential, flags: Any, attested: bytes, **lies: Any) -> AuthenticatorData:
        if self.counts:
            used.sign_count += 1
        verified = FLAG.UV if self.verifies else FLAG(0)
        rp_id_hash = hashlib.sha256(lies.get("rp_id", used.rp_id).encode()).digest()
        count = lies.get("sign_count", used.sign_count)
        return AuthenticatorData.create(rp_id_hash, FLAG.UP | verified | flags, count, attested)

    def _client_data(self, kind: str, options: dict[str, Any], **lies: Any) -> bytes:
        said = {
            "type": lies.get("type", kind),
            "challenge": lies.get("challenge", options["challenge"]),
            "origin": self.origin,
            "crossOrigin": lies.get("cross_origin", False),
        }
        return json.dumps(said).encode()

    @staticmethod
    def _public_key(used: Credential, response: dict[str, Any]) -> dict[str, Any]:
        name = websafe_encode(used.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}
