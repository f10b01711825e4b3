"""Whether the process is ready: what is asked, in parallel, and what an outsider is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.test import override_settings

from apps.core.web import readiness as readiness_module
from apps.core.web.drain import drain
from apps.core.web.readiness import NotMigrated, Readiness
from apps.core.web.tests.running import Server, eventually, running

WAIT_S = 10.0


@pytest.fixture
def draining() -> Iterator[None]:
    drain.begin()
    yield
    drain.begun = False


@pytest.fixture
def no_reuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness_module, "_REUSE_S", 0.0)


def fail() -> None:
    raise ConnectionError("secret-host is away")


class TestReport:
    def test_is_ready_when_every_check_passes(self) -> None:
        report = Readiness({"one": lambda: None, "two": lambda: None}).report()

        assert report.ready
        assert [check["name"] for check in report.as_json()["checks"]] == ["one", "two", "draining"]

    def test_names_what_fails_without_telling_outsiders_more(self) -> None:
        report = Readiness({"good": lambda: None, "bad": fail}).report().as_json()

        assert report["status"] == "not_ready"
        assert [(check["name"], check["ok"], check["error"]) for check in report["checks"]] == [
            ("good", True, ""),
            ("bad", False, "ConnectionError"),
            ("draining", True, ""),
        ]

    def test_runs_the_checks_side_by_side(self) -> None:
        both = threading.Barrier(2)

        assert Readiness({name: lambda: both.wait(WAIT_S) for name in "ab"}, timeout_s=WAIT_S).report().ready

    def test_does_not_wait_for_a_check_that_hangs_nor_begins_it_again(self, no_reuse: None) -> None:
        release, begun = threading.Event(), []

        def hang() -> None:
            begun.append(1)
            release.wait(WAIT_S)

        readiness = Readiness({"hangs": hang}, timeout_s=0.05)
        results = [readiness.report().results[0] for _ in range(3)]
        release.set()

        assert {(result.ok, result.error) for result in results} == {(False, "no answer in time")}
        assert len(begun) == 1

    def test_is_reused_for_a_moment(self) -> None:
        asked: list[int] = []
        readiness = Readiness({"counted": lambda: asked.append(1)})

        readiness.report()
        readiness.report()

        assert len(asked) == 1

    def test_a_draining_process_is_not_ready(self, draining: None) -> None:
        assert not Readiness({"good": lambda: None}).report().ready


class TestStarted:
    def test_stays_true_once_it_has_been(self, no_reuse: None) -> None:
        away = [True]

        def check() -> None:
            if away[0]:
                fail()

        readiness = Readiness({"dependency": check})
        before = readiness.started().ready
        away[0] = False
        between = readiness.started().ready
        away[0] = True

        assert (before, between, readiness.started().ready) == (False, True, True)


class TestProbes:
    def test_say_what_is_away_and_recover(self, tmp_path: Path) -> None:
        with running(tmp_path) as server:
            assert server.get("/startupz").status == 200
            server.set("dependency away")
            report = _until_status(server, 503)

            assert "apps.core.web.tests.served.check_dependency" in report
            assert "secret-host" not in report
            assert server.get("/livez").json() == {"status": "alive"}
            assert server.get("/startupz").status == 200

    def test_take_only_reads(self, server: Server) -> None:
        response = server.get("/readyz", method="POST")

        assert (response.status, response.header("allow")) == (405, "GET, HEAD")
        assert server.get("/readyz", method="HEAD").status == 200


def _until_status(server: Server, status: int) -> str:
    """A report is reused for a second."""
    return eventually(lambda: server.get("/readyz"), lambda response: response.status == status).body.decode()


@pytest.mark.django_db(transaction=True)
class TestDatabaseCheck:
    def test_passes_on_a_migrated_database(self) -> None:
        for alias in settings.PRIMARY_ALIASES:
            readiness_module._DatabaseCheck(alias)()

    def test_refuses_one_where_migrations_wait(self) -> None:
        with (
            override_settings(MIGRATION_MODULES=settings.MIGRATION_MODULES | {"sessions": "apps.core.web.tests.ahead"}),
            pytest.raises(NotMigrated, match="1 migrations wait on default"),
        ):
            readiness_module._DatabaseCheck("default")()

    def test_is_part_of_the_processs_own_checks_with_both_redis(self) -> None:
        readiness_module.readiness.cache_clear()
        report = readiness_module.readiness().report()

        assert report.ready
        assert {r.name for r in report.results} >= {"database default", "database business", "redis", "cache redis"}


class TestRedisCheck:
    def test_fails_on_a_server_that_is_away(self, unused_port: int) -> None:
        with pytest.raises(redis.ConnectionError):
            readiness_module._ping(f"redis://127.0.0.1:{unused_port}/0")


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
