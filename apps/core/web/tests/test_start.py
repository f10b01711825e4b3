"""How the process begins."""

from __future__ import annotations

from pathlib import Path

from apps.core.web.limits import Limits
from apps.core.web.tests.running import WAIT_S, Server, launched


class TestStart:
    def test_runs_what_must_run_after_the_fork_on_a_pool_thread(self, server: Server) -> None:
        assert server.wait("started").startswith("web-")

    def test_imports_the_application_once_for_all_processes_with_no_thread_before_the_fork(
        self, server: Server
    ) -> None:
        log = server.log.read_text()

        assert "Booting worker" in log
        assert "threads started before the fork" not in log

    def test_gives_up_with_the_reason_when_it_cannot(self, tmp_path: Path) -> None:
        with launched(tmp_path, SERVED_CANNOT_START="1") as server:
            assert server.process.wait(WAIT_S) == 3
            log = server.log.read_text()

        assert "planted: isolation is broken" in log
        assert "Worker failed to boot" in log


class TestLimits:
    def test_come_from_the_settings_that_are_there(self) -> None:
        class Settings:
            WEB_THREADS = 7
            WEB_MAX_BODY_BYTES = 5

        limits = Limits.from_settings(Settings)

        assert (limits.threads, limits.max_body_bytes, limits.queue) == (7, 5, Limits().queue)
