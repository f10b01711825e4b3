"""Signatures, beside the specification's own library and beside the snippet of the guide."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from apps.core.webhooks import signing

GUIDE = Path(__file__).parents[4] / "docs/guides/webhooks.md"
KEY = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
BODY = b'{"test": 2432232314}'


@pytest.fixture(scope="module")
def verify() -> Any:
    """The receiver's side, as the guide shows it."""
    (snippet,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(snippet, str(GUIDE), "exec"), names)
    return names["verify"]


class TestSignature:
    def test_is_the_one_that_the_specifications_library_expects(self) -> None:
        signed = signing.signature(KEY, message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body=BODY)

        assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    def test_is_accepted_by_the_specifications_library(self) -> None:
        headers = signing.headers([KEY], message_id="a-1", at=datetime.now(UTC), body=BODY)

        assert Webhook(signing.secret_of(KEY)).verify(BODY, headers) == {"test": 2432232314}
        with pytest.raises(WebhookVerificationError):
            Webhook(signing.secret_of(signing.new_key())).verify(BODY, headers)

    def test_is_there_for_each_key_while_one_is_replaced(self) -> None:
        old, new = signing.new_key(), signing.new_key()
        headers = signing.headers([new, old], message_id="a-1", at=datetime.now(UTC), body=BODY)

        assert headers["webhook-signature"].count("v1,") == 2
        for key in (old, new):
            Webhook(signing.secret_of(key)).verify(BODY, headers)

    def test_is_made_with_keys_of_a_length_that_the_specification_allows(self) -> None:
        assert 24 <= len(signing.new_key()) <= 64
        assert re.fullmatch(r"whsec_[A-Za-z0-9+/]+=*", signing.secret_of(signing.new_key()))


class TestSnippetOfTheGuide:
    def test_accepts_what_we_sign(self, verify: Any) -> None:
        at = datetime.now(UTC)
        headers = signing.headers([signing.new_key(), KEY], message_id="a-1", at=at, body=BODY)

        assert verify(signing.secret_of(KEY), headers, BODY, now=at.timestamp()) == {"test": 2432232314}

    @pytest.mark.parametrize("what", ["body", "id", "secret", "old", "new"])
    def test_refuses_what_we_did_not_sign(self, verify: Any, what: str) -> None:
        at, body, key = datetime.now(UTC), BODY, KEY
        headers = signing.headers([KEY], message_id="a-1", at=at, body=BODY)
        now = at.timestamp() + {"old": 301, "new": -301}.get(what, 0)
        body = b"{}" if what == "body" else body
        key = signing.new_key() if what == "secret" else key
        headers |= {"webhook-id": "a-2"} if what == "id" else {}

        with pytest.raises(ValueError):
            verify(signing.secret_of(key), headers, body, now=now)
