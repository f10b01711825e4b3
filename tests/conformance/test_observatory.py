"""MDN's HTTP Observatory over pages, API, errors and files, as they are answered behind TLS."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.gateway.bff.tests.conftest import sign_in
from apps.iam.oidc import commands
from tests.conformance import observatory
from tests.conformance.https import HttpsBrowser, https

__all__ = ["https"]
compliance = pytest.mark.compliance

ANSWERS = {
    "sign-in page": ("/sign-in/", 200),
    "where a sign-in begins": ("/auth/login", 302),
    "dashboard": ("/", 200),
    "who is signed in": ("/auth/session", 200),
    "answer of the API": ("/api/v1/me", 200),
    "page that is not there": ("/nowhere/", 404),
    "error of the API": ("/api/v1/nowhere", 404),
    "script": ("/static/console/js/session.js", 200),
}


@pytest.mark.django_db(databases=["default", "business"])
class TestGrade:
    @compliance("MDN HTTP Observatory", "grade", "every kind of answer is graded A+")
    def test_is_a_plus_everywhere(self, https: HttpsBrowser, mia: Any) -> None:
        commands.ensure_bff_client()
        sign_in(https, mia.email)
        grades = {}

        for what, (path, status) in ANSWERS.items():
            answer = https.get(path)
            assert answer.status_code == status, what
            given = observatory.points(answer, over_http=Client().get(path))
            grades[what] = (observatory.grade(given), {test: one for test, one in given.items() if one < 0})

        assert grades == dict.fromkeys(ANSWERS, ("A+", {}))

    @compliance("MDN HTTP Observatory", "content-security-policy", "only what is named is allowed, nothing unsafe")
    @compliance("MDN HTTP Observatory", "cookies", "all are Secure and SameSite, and no script reads a session's")
    def test_gains_what_there_is_to_gain(self, https: HttpsBrowser, mia: Any) -> None:
        commands.ensure_bff_client()
        answer = sign_in(https, mia.email)

        given = observatory.points(answer, over_http=Client().get("/"))

        assert "permissions-policy" in {name.lower() for name, _ in answer.items()}
        assert {name: given[name] for name in ("content-security-policy", "cookies", "x-frame-options")} == {
            "content-security-policy": 10,
            "cookies": 5,
            "x-frame-options": 5,
        }
