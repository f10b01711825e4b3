from __future__ import annotations

from typing import Any

import pytest
from django.core import signing
from django.test import Client

from apps.core.api.consistency import HEADER, LIFETIME_S, decoded, encoded
from apps.core.api.tests.callers import TENANT, bearer
from apps.core.api.tests.site import NotePermission, write_note
from apps.core.db.replay import Position
from apps.core.tenancy import tenant

POSITIONS = {"7301": Position(timeline=2, lsn=0xABCDEF0123, server="7301"), "8": Position(1, 5, "8")}


def post(client: Client, text: str) -> Any:
    return client.post("/api/v1/notes", {"text": text}, "application/json", headers=bearer(NotePermission.WRITE))


def texts(client: Client, token: str | None = None) -> list[str]:
    headers = {**bearer(NotePermission.VIEW), **({HEADER: token} if token else {})}
    response = client.get("/api/v1/notes", headers=headers)
    assert response.status_code == 200, response.content
    return [row["text"] for row in response.json()["data"]]


class TestToken:
    def test_names_the_positions(self) -> None:
        assert {p.server: p for p in decoded(encoded(POSITIONS)) or []} == POSITIONS

    @pytest.mark.parametrize("token", ["", "x", "unknown", "a~b~c", "7301-2-ff"])
    def test_that_is_not_ours_names_none(self, token: str) -> None:
        assert decoded(token) is None

    def test_cannot_be_changed(self) -> None:
        assert decoded(encoded(POSITIONS).replace("-2-", "-1-")) is None

    def test_ends(self, monkeypatch: pytest.MonkeyPatch) -> None:
        token = encoded(POSITIONS)
        later = signing.time.time() + LIFETIME_S + 1
        monkeypatch.setattr(signing.time, "time", lambda: later)

        assert decoded(token) is None


@pytest.mark.django_db(transaction=True)
class TestRequests:
    def test_read_their_own_writes_by_cookie_while_replay_is_paused(
        self, api: Client, replica: Any, settings: Any
    ) -> None:
        replica.catch_up()
        replica.server.pause_replay()
        response = post(api, "mine")

        cookie = response.cookies[settings.CONSISTENCY_COOKIE_NAME]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
        assert int(cookie["max-age"]) == LIFETIME_S
        for _ in range(20):
            assert texts(api) == ["mine"]

    def test_read_their_own_writes_by_header(self, api: Client, replica: Any) -> None:
        replica.catch_up()
        replica.server.pause_replay()
        token = post(api, "mine")[HEADER]
        api.cookies.clear()

        assert texts(api, token) == ["mine"]
        assert texts(api) == []  # somebody without the token is served by the lagging replica

    @pytest.mark.parametrize("bad", ["nonsense", "unknown", "a~b~c"])
    def test_with_a_bad_token_are_answered_by_the_primary(self, api: Client, replica: Any, bad: str) -> None:
        replica.catch_up()
        replica.server.pause_replay()
        with tenant(TENANT):
            write_note("new")

        assert texts(api, bad) == ["new"]
        assert texts(api) == []

    def test_that_only_read_get_no_token(self, api: Client, replica: Any, settings: Any) -> None:
        response = api.get("/api/v1/notes", headers=bearer(NotePermission.VIEW))

        assert not response.has_header(HEADER)
        assert settings.CONSISTENCY_COOKIE_NAME not in response.cookies

    def test_that_write_read_the_primary_from_the_start(self, api: Client, replica: Any) -> None:
        replica.catch_up()
        replica.server.pause_replay()
        with tenant(TENANT):
            write_note("new")

        assert post(api, "count").json()["data"]["count"] == 1

    def test_go_on_when_the_replica_dies_under_them(self, api: Client, replica: Any) -> None:
        """At once, before any monitor has noticed: the failed read is answered again by the primary."""
        with tenant(TENANT):
            write_note("kept")
        replica.catch_up()
        assert texts(api) == ["kept"]

        replica.crash()
        for _ in range(20):
            assert texts(api) == ["kept"]

    def test_without_replicas_carry_no_token(self, api: Client) -> None:
        assert not post(api, "a").has_header(HEADER)
        assert texts(api) == ["a"]
