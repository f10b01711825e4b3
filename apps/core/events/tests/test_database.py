from __future__ import annotations

import os

import psycopg
import pytest
from django.conf import settings

from apps.core.events import database
from apps.core.events.database import asking

pytestmark = pytest.mark.django_db(databases=["default", "business"], transaction=True)


def session(alias="business"):
    with asking(alias, "a test") as connection:
        return connection.info.backend_pid


class TestAsking:
    def test_again_takes_the_same_connection(self):
        assert session() == session()
        assert session("default") != session("business")

    def test_after_the_server_ended_it_takes_another_one(self):
        before = session()
        with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], connect_timeout=10) as server:
            server.execute("select pg_terminate_backend(%s, 5000)", [before])

        assert session() != before

    def test_after_a_failure_takes_another_one(self):
        with pytest.raises(ZeroDivisionError), asking("business", "a test") as connection:
            failed = connection.info.backend_pid
            raise ZeroDivisionError

        assert session() != failed

    def test_in_a_fork_does_not_speak_for_its_parent(self, monkeypatch):
        before = session()
        monkeypatch.setattr(database.os, "getpid", lambda: -1)

        assert session() != before

    def test_of_another_server_does_not_ask_the_one_before(self, monkeypatch):
        before = session()
        urls = {**settings.DATABASE_RELAY_URLS, "business": settings.DATABASE_RELAY_URLS["default"]}
        monkeypatch.setattr(settings, "DATABASE_RELAY_URLS", urls)

        assert session() != before
