"""Passkeys: both ceremonies, with an authenticator made of software, and every lie that it can tell."""

from __future__ import annotations

import pytest
from fido2.utils import websafe_decode, websafe_encode

from apps.iam.authenticators import challenges, commands, queries, webauthn
from apps.iam.authenticators.commands import Assertion
from apps.iam.authenticators.errors import (
    ChallengeUnknown,
    InvalidName,
    PasskeyRefused,
    PasskeysUnavailable,
    TooManyPasskeys,
)
from apps.iam.authenticators.models import Passkey
from apps.iam.authenticators.tests.conftest import PLACE
from apps.iam.authenticators.tests.software_authenticator import SoftwareAuthenticator

pytestmark = pytest.mark.django_db


@pytest.fixture
def register(ada, by_ada, phone, now):
    """Both halves of a registration, with lies in between."""

    def run(place=PLACE, name="Phone", state=None, **lies):
        ceremony = commands.begin_passkey(user_id=ada.user_id, actor=by_ada, place=PLACE)
        return commands.add_passkey(
            user_id=ada.user_id,
            answer=phone.create(ceremony.options, **lies),
            state=state or ceremony.state,
            place=place,
            name=name,
            actor=by_ada,
            now=now,
        )

    return run


class TestOptions:
    def test_ask_for_a_discoverable_and_verified_passkey_without_attestation(self, ada, by_ada):
        options = commands.begin_passkey(user_id=ada.user_id, actor=by_ada, place=PLACE).options

        assert options["rp"] == {"id": "platform.example", "name": "Platform"}
        assert options["authenticatorSelection"]["residentKey"] == "required"
        assert options["authenticatorSelection"]["userVerification"] == "required"
        assert options["attestation"] == "none"
        assert [one["alg"] for one in options["pubKeyCredParams"]] == [-7, -8, -257]

    def test_know_the_person_by_a_random_handle_that_stays(self, ada, by_ada):
        one, two = (commands.begin_passkey(user_id=ada.user_id, actor=by_ada, place=PLACE).options for _ in range(2))

        handle = websafe_decode(one["user"]["id"])
        assert (len(handle), one["user"]["id"]) == (32, two["user"]["id"])
        assert ada.user_id.bytes not in handle

    def test_name_the_passkeys_that_there_are(self, ada, by_ada, passkey_of):
        known = passkey_of(ada.user_id)

        options = commands.begin_passkey(user_id=ada.user_id, actor=by_ada, place=PLACE).options

        assert [websafe_decode(one["id"]) for one in options["excludeCredentials"]] == [bytes(known.credential_id)]

    def test_of_a_sign_in_name_none_and_require_verification(self):
        options = commands.begin_passkey_sign_in(place=PLACE).options

        assert options["userVerification"] == "required"
        assert "allowCredentials" not in options

    def test_are_not_given_at_an_ip_address(self, ada, by_ada, settings):
        settings.BASE_URL = "http://127.0.0.1:8000"

        with pytest.raises(PasskeysUnavailable):
            commands.begin_passkey(user_id=ada.user_id, actor=by_ada, place=PLACE)

    @pytest.mark.parametrize(
        ("base_url", "rp_id", "possible"),
        [
            ("https://platform.example", "", True),
            ("http://platform.example", "", False),
            ("http://localhost:8000", "", True),
            ("https://[::1]", "", False),
            ("https://app.platform.example", "platform.example", True),
            ("https://platform.example", "other.example", False),
        ],
    )
    def test_depend_on_the_address(self, settings, base_url, rp_id, possible):
        settings.BASE_URL, settings.PASSKEY_RP_ID = base_url, rp_id

        assert webauthn.is_available() is possible


class TestRegistration:
    def test_keeps_what_the_authenticator_said(self, ada, register, told):
        made = register(name="  Ada's   phone ")

        assert (made.name, made.transports, made.sign_count) == ("Ada's phone", ["internal"], 1)
        assert queries.kinds_of(ada.user_id) == {"passkey"}
        assert told(ada.user_id) == ["passkey.added"]

    @pytest.mark.parametrize(
        "lies",
        [
            {"rp_id": "evil.example"},
            {"type": "webauthn.get"},
            {"challenge": websafe_encode(b"c" * 32)},
            {"cross_origin": True},
        ],
    )
    def test_refuses_a_lie(self, ada, register, told, lies):
        with pytest.raises(PasskeyRefused):
            register(**lies)

        assert told(ada.user_id) == ["passkey.refused"]
        assert not Passkey.objects.exists()

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "https://a.platform.example", "http://platform.example"]
    )
    def test_refuses_another_origin(self, register, phone, origin):
        phone.origin = origin

        with pytest.raises(PasskeyRefused):
            register()

    def test_refuses_an_authenticator_that_verified_nobody(self, register, phone):
        phone.verifies = False

        with pytest.raises(PasskeyRefused):
            register()

    def test_is_good_once_and_where_it_was_begun(self, ada, by_ada, phone, now, register):
        ceremony = commands.begin_passkey(user_id=ada.user_id, actor=by_ada, place=PLACE)
        answer = phone.create(ceremony.options)
        add = {
            "user_id": ada.user_id,
            "answer": answer,
            "state": ceremony.state,
            "name": "x",
            "actor": by_ada,
            "now": now,
        }

        with pytest.raises(ChallengeUnknown):
            commands.add_passkey(**add, place="another browser")
        commands.add_passkey(**add, place=PLACE)
        with pytest.raises(ChallengeUnknown):
            commands.add_passkey(**add, place=PLACE)

    def test_does_not_take_the_challenge_of_a_sign_in(self, register):
        with pytest.raises(ChallengeUnknown):
            register(state=commands.begin_passkey_sign_in(place=PLACE).state)

    def test_expires(self, register, monkeypatch):
        monkeypatch.setattr(challenges, "LIFETIME_S", -1)

        with pytest.raises(ChallengeUnknown):
            register()

    def test_does_not_take_a_passkey_of_somebody_else(self, ada, register, phone, member, actor_of, now):
        register()
        other = member("clerk")
        ceremony = commands.begin_passkey(user_id=other.user_id, actor=actor_of(other), place=PLACE)
        stolen = phone.credentials[-1]
        answer = phone.create(ceremony.options)
        phone.credentials[-1].id = stolen.id
        from fido2.cose import ES256
        from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData

        attested = AttestedCredentialData.create(
            Aaguid(bytes(16)), stolen.id, ES256.from_cryptography_key(phone.credentials[-1].key.public_key())
        )
        data = phone._data(phone.credentials[-1], 0x40, attested)
        answer["response"]["attestationObject"] = websafe_encode(AttestationObject.create("none", data, {}))
        answer["id"] = answer["rawId"] = websafe_encode(stolen.id)

        with pytest.raises(PasskeyRefused):
            commands.add_passkey(
                user_id=other.user_id,
                answer=answer,
                state=ceremony.state,
                place=PLACE,
                name="x",
                actor=actor_of(other),
                now=now,
            )

    def test_has_an_end(self, ada, register, monkeypatch):
        monkeypatch.setattr("apps.iam.authenticators.commands.passkeys.LIMIT", 1)
        register()

        with pytest.raises(TooManyPasskeys):
            register()

    @pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\x00b"])
    def test_needs_a_name(self, register, name):
        with pytest.raises(InvalidName):
            register(name=name)

    @pytest.mark.parametrize("answer", [None, [], "x", {}, {"id": "AA", "rawId": "AA", "response": {}, "type": "x"}])
    def test_refuses_nonsense(self, ada, by_ada, now, answer):
        ceremony = commands.begin_passkey(user_id=ada.user_id, actor=by_ada, place=PLACE)

        with pytest.raises(PasskeyRefused):
            commands.add_passkey(
                user_id=ada.user_id,
                answer=answer,
                state=ceremony.state,
                place=PLACE,
                name="x",
                actor=by_ada,
                now=now,
            )


class TestSignIn:
    def test_names_the_person(self, ada, passkey_of, assertion, now):
        made = passkey_of(ada.user_id)

        used = commands.check_passkey(assertion=assertion(), now=now)

        assert (used.id, used.user_id, used.sign_count, used.last_used_at) == (made.id, ada.user_id, 2, now)
        assert Passkey.objects.get(id=made.id).version == made.version

    def test_works_with_an_authenticator_that_does_not_count(self, ada, phone, passkey_of, assertion, now):
        phone.counts = False
        passkey_of(ada.user_id)

        assert commands.check_passkey(assertion=assertion(), now=now)
        assert commands.check_passkey(assertion=assertion(), now=now).sign_count == 0

    @pytest.mark.parametrize(
        "lies",
        [
            {"rp_id": "evil.example"},
            {"type": "webauthn.create"},
            {"challenge": websafe_encode(b"c" * 32)},
            {"cross_origin": True},
            {"handle": b"somebody else"},
            {"sign_count": 1},
            {"sign_count": 0},
        ],
    )
    def test_refuses_a_lie_and_records_it(self, ada, passkey_of, assertion, now, told, lies):
        passkey_of(ada.user_id)

        with pytest.raises(PasskeyRefused):
            commands.check_passkey(assertion=assertion(**lies), now=now)

        assert told(ada.user_id) == ["passkey.added", "passkey.refused"]

    @pytest.mark.parametrize("origin", ["https://evil.example", "https://platform.example.evil.example", "null"])
    def test_refuses_another_origin(self, ada, phone, passkey_of, assertion, now, told, origin):
        passkey_of(ada.user_id)
        phone.origin = origin

        with pytest.raises(PasskeyRefused):
            commands.check_passkey(assertion=assertion(), now=now)

        assert told(ada.user_id)[-1] == "passkey.refused"

    def test_requires_the_person_to_be_verified(self, ada, phone, passkey_of, assertion, now):
        passkey_of(ada.user_id)
        phone.verifies = False

        with pytest.raises(PasskeyRefused):
            commands.check_passkey(assertion=assertion(), now=now)

    def test_refuses_a_copy_of_the_key(self, ada, phone, passkey_of, assertion, now, told):
        """The copy was used, and then the original, whose counter knows nothing of that."""
        passkey_of(ada.user_id)
        original = phone.credentials[-1]
        copy = type(original)(original.id, original.key, original.rp_id, original.handle, original.sign_count + 5)
        commands.check_passkey(assertion=assertion(credential=copy), now=now)

        with pytest.raises(PasskeyRefused):
            commands.check_passkey(assertion=assertion(), now=now)

        assert told(ada.user_id)[-1] == "passkey.refused"

    def test_refuses_another_key_for_the_same_passkey(self, ada, phone, passkey_of, assertion, now):
        passkey_of(ada.user_id)
        other = SoftwareAuthenticator()
        ceremony = commands.begin_passkey_sign_in(place=PLACE)
        other.create({"rp": {"id": "platform.example"}, "user": {"id": "AA"}, **ceremony.options})
        forged = other.credentials[-1]
        forged.id, forged.handle, forged.sign_count = phone.credentials[-1].id, phone.credentials[-1].handle, 9

        with pytest.raises(PasskeyRefused):
            commands.check_passkey(assertion=Assertion(other.get(ceremony.options), ceremony.state, PLACE), now=now)

    def test_answer_is_good_once(self, ada, passkey_of, assertion, now):
        passkey_of(ada.user_id)
        used = assertion()
        commands.check_passkey(assertion=used, now=now)

        with pytest.raises(ChallengeUnknown):
            commands.check_passkey(assertion=used, now=now)

    def test_answer_is_good_in_its_own_browser(self, ada, passkey_of, assertion, now):
        passkey_of(ada.user_id)
        used = assertion()

        with pytest.raises(ChallengeUnknown):
            commands.check_passkey(assertion=Assertion(used.answer, used.state, "elsewhere"), now=now)

    def test_can_be_asked_of_one_person(self, ada, member, passkey_of, assertion, now):
        passkey_of(ada.user_id)

        with pytest.raises(PasskeyRefused):
            commands.check_passkey(assertion=assertion(), now=now, user_id=member().user_id)

    def test_refuses_a_removed_passkey(self, ada, by_ada, passkey_of, assertion, now):
        made = passkey_of(ada.user_id)
        used = assertion()
        commands.remove_authenticator(user_id=ada.user_id, authenticator_id=made.id, actor=by_ada, now=now)

        with pytest.raises(PasskeyRefused):
            commands.check_passkey(assertion=used, now=now)

    @pytest.mark.parametrize("answer", [None, [], "x", {}, {"id": "AA", "rawId": "AA", "response": {}}])
    def test_refuses_nonsense(self, now, answer):
        ceremony = commands.begin_passkey_sign_in(place=PLACE)

        with pytest.raises(PasskeyRefused):
            commands.check_passkey(assertion=Assertion(answer, ceremony.state, PLACE), now=now)

    @pytest.mark.parametrize("state", ["", "nonsense", "é", "AAAA"])
    def test_refuses_a_made_up_state(self, now, state):
        with pytest.raises(ChallengeUnknown):
            commands.check_passkey(assertion=Assertion({}, state, PLACE), now=now)
