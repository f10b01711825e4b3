"""RFC 7636, Proof Key for Code Exchange, in its stricter form: S256, always (RFC 9700 §2.1.1)."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from apps.iam.oidc.tests.identity import Flow

compliance = pytest.mark.compliance


def error_of(answer) -> list[str]:
    return parse_qs(urlsplit(answer.url).query)["error"]


class TestProofKey:
    @compliance("RFC 7636", "4.4.1", "a request without a challenge is invalid_request")
    def test_is_asked_for(self, flow: Flow, mia) -> None:
        flow.code(mia.email)

        answer = flow.browser.go(flow.url(code_challenge=None, code_challenge_method=None))

        assert error_of(answer) == ["invalid_request"]

    @compliance("RFC 7636", "4.3", "the plain method is refused, also where it is only implied")
    @pytest.mark.parametrize("method", ["plain", None, "S512"])
    def test_is_never_plain(self, flow: Flow, mia, method: str | None) -> None:
        flow.code(mia.email)

        answer = flow.browser.go(flow.url(code_challenge=flow.verifier, code_challenge_method=method))

        assert error_of(answer) == ["invalid_request"]

    @compliance("RFC 7636", "4.6", "a wrong or missing verifier brings no tokens")
    @pytest.mark.parametrize("verifier", ["x" * 43, None, ""])
    def test_must_be_the_one_that_was_announced(self, flow: Flow, mia, verifier: str | None) -> None:
        answer = flow.redeem(flow.code(mia.email), code_verifier=verifier)

        assert answer.status_code == 400
        assert answer.json()["error"] in {"invalid_grant", "invalid_request"}

    @compliance("RFC 7636", "4.6", "the challenge itself is not a verifier")
    def test_is_not_its_own_challenge(self, flow: Flow, mia) -> None:
        answer = flow.redeem(flow.code(mia.email), code_verifier=flow.challenge)

        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")

    @compliance("RFC 9700", "4.8.2", "leaving the challenge out or empty is no way around it (downgrade)")
    def test_cannot_be_left_out_on_the_way(self, flow: Flow, mia) -> None:
        flow.code(mia.email)

        answer = flow.browser.go(flow.url(code_challenge=""))

        assert "code" not in parse_qs(urlsplit(answer.url).query)
